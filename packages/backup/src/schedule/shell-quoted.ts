/** A word for `sh`, in single quotes where it needs them. Without control characters. */
export function shellQuoted(text: string): string {
  return /^[\w./:=@,+-]+$/u.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`;
}
