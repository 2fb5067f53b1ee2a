/** RFC 3339 in UTC, with six digits after the second, or nine where they count. */
export function timestampText({
  seconds,
  nanoseconds,
}: {
  readonly seconds: number;
  readonly nanoseconds: number;
}): string {
  const digits = String(nanoseconds).padStart(9, "0");
  const fraction = digits.endsWith("000") ? digits.slice(0, 6) : digits;
  return `${new Date(seconds * 1000).toISOString().slice(0, 19)}.${fraction}Z`;
}
