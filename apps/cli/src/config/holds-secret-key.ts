/**
 * Whether a text holds a secret key of age or minisign, as happens when one is pasted where a public key or a path belongs: such a text
 * is never printed.
 */
export function holdsSecretKey(text: string): boolean {
  return /AGE-SECRET-KEY-|minisign (encrypted )?secret key|RW[A-Za-z\d+/]{100}/iu.test(text);
}
