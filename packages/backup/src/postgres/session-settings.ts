/**
 * What the text of values depends on, and what keeps the server from ending a long transaction. All of it ends with the
 * transaction: a setting of the session would reach others through a pooler. `row_security = off` makes a policy an error
 * instead of fewer rows. Those of PostgreSQL's own pg_dump, and `lc_monetary` and `xmloption`, which money and xml depend on.
 */
const settings: readonly (readonly [name: string, value: string, since?: number])[] = [
  ["row_security", "off"],
  ["search_path", "''"],
  ["client_encoding", "'UTF8'"],
  ["extra_float_digits", "3"],
  ["DateStyle", "'ISO'"],
  ["IntervalStyle", "'postgres'"],
  ["TimeZone", "'UTC'"],
  ["bytea_output", "'hex'"],
  ["lc_monetary", "'C'"],
  ["xmloption", "content"],
  ["quote_all_identifiers", "off"],
  ["standard_conforming_strings", "on"],
  ["synchronize_seqscans", "off"],
  ["statement_timeout", "0"],
  ["idle_in_transaction_session_timeout", "0"],
  ["transaction_timeout", "0", 170_000],
];

/** `SET LOCAL …` statements for a transaction that reads or writes the text of rows. */
export function sessionSettings(serverVersion: number): string {
  return settings
    .filter(([, , since = 0]) => serverVersion >= since)
    .map(([name, value]) => `SET LOCAL ${name} = ${value};`)
    .join(" ");
}
