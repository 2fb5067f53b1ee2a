import { setLocal, textSettings, type LocalSetting } from "@ctb-data/postgres";

/**
 * What the text of values depends on, and what keeps the server from ending a long transaction. `row_security = off` makes a policy an
 * error instead of fewer rows.
 */
const settings: readonly LocalSetting[] = [
  ...textSettings,
  ["row_security", "off"],
  ["search_path", "''"],
  ["quote_all_identifiers", "off"],
  ["synchronize_seqscans", "off"],
  ["statement_timeout", "0"],
  ["idle_in_transaction_session_timeout", "0"],
  ["transaction_timeout", "0", 170_000],
];

/** `SET LOCAL …` statements for a transaction that reads or writes the text of rows. */
export function sessionSettings(serverVersion: number): string {
  return setLocal(settings, serverVersion);
}
