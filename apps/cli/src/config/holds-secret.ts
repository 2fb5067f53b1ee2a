/**
 * Whether a text holds a secret key of age or minisign, or a URL with a user and password, as happens when one is pasted where a
 * public key, a path or a plain URL belongs. Such a text is never printed.
 */
export function holdsSecret(text: string): boolean {
  return /AGE-SECRET-KEY-|minisign (encrypted )?secret key|RW[A-Za-z\d+/]{100}|:\/\/[^/\s]*@/iu.test(
    text,
  );
}
