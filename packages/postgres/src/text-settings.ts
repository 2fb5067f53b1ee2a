/** A setting of a transaction: its name, its value as SQL has it, and the `server_version_num` from which on it is there. */
export type LocalSetting = readonly [name: string, value: string, since?: number];

/**
 * What the text of values depends on: with these every server and role prints and reads the same. Those of PostgreSQL's own pg_dump, and
 * `lc_monetary` and `xmloption`, which money and xml depend on.
 */
export const textSettings: readonly LocalSetting[] = [
  ["client_encoding", "'UTF8'"],
  ["extra_float_digits", "3"],
  ["DateStyle", "'ISO, YMD'"],
  ["IntervalStyle", "'postgres'"],
  ["TimeZone", "'UTC'"],
  ["bytea_output", "'hex'"],
  ["lc_monetary", "'C'"],
  ["xmloption", "content"],
  ["standard_conforming_strings", "on"],
];

/**
 * `SET LOCAL …` statements, each with its semicolon. They end with the transaction: a setting of the session would reach others through a
 * pooler.
 *
 * @param serverVersion `server_version_num`: settings that it does not have yet are left out.
 */
export function setLocal(settings: readonly LocalSetting[], serverVersion: number): string {
  return settings
    .filter(([, , since = 0]) => serverVersion >= since)
    .map(([name, value]) => `SET LOCAL ${name} = ${value};`)
    .join(" ");
}
