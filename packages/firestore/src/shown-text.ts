/**
 * What an option was given, for an error to show. Not where it looks as if a key had come into the wrong option: PEM, or a
 * long run of what base64 consists of. In what has dots, as paths have them, a slash ends the run.
 */
export function shownText(text: string): string {
  const runs = text.match(text.includes(".") ? /[\w+=-]{40,}/g : /[\w+/=-]{40,}/g) ?? [];
  const isKey =
    text.includes("-----") ||
    text.length > 1024 ||
    runs.some((run) => /[A-Z]/.test(run) && /[a-z]/.test(run) && /\d/.test(run));
  return isKey ? "(not shown, as it looks like a key)" : text;
}
