const pattern = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?Z$/;

/** A time as the wire has it. */
export interface WireTime {
  readonly seconds: number;
  /** From 0 to 999,999,999, also before 1970. */
  readonly nanos: number;
}

/** Reads RFC 3339 in UTC, to the nanosecond; undefined for anything else. */
export function timeOfText(text: string): WireTime | undefined {
  const [, whole, digits = ""] = pattern.exec(text) ?? [];
  const milliseconds = whole === undefined ? Number.NaN : Date.parse(`${whole}Z`);
  if (Number.isNaN(milliseconds)) return undefined;
  return { seconds: milliseconds / 1000, nanos: Number(digits.padEnd(9, "0")) };
}
