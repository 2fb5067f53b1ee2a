/**
 * What an option was given, for an error to show. Not where it looks as if a key had come into the wrong option: PEM, or a
 * long run of what base64 consists of, without a dot as paths and addresses have them.
 */
export function shownText(text: string): string {
  const runs = text.includes(".") ? [] : (text.match(/[\w+/=-]{40,}/g) ?? []);
  const isKey =
    text.includes("-----") ||
    text.length > 1024 ||
    runs.some((run) => /[A-Z]/.test(run) && /[a-z]/.test(run) && /\d/.test(run));
  return isKey ? "(not shown, as it looks like a key)" : text;
}
