/** `2026-11-23 00:15`, UTC: all that a table has room for. */
export function shortTime(moment: Date): string {
  return moment.toISOString().slice(0, 16).replace("T", " ");
}
