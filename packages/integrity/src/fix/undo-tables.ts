import type { Connection } from "@ctb-data/postgres";
import { commitForGood } from "./work-tables.ts";

/** Rows of the quarantine that cannot be put back, and why. */
export const conflictTable = "pg_temp.ctb_conflict";

/** Where changed rows of the quarantine are in their table now. */
export const matchTable = "pg_temp.ctb_match";

/** What values that were encrypted in place were before, decrypted. */
export const openedTable = "pg_temp.ctb_opened";

/** Makes the temporary tables of an undo's session, which every transaction finds empty. */
export async function makeUndoTables(connection: Connection): Promise<void> {
  await connection.query(`SET client_min_messages = warning; ${commitForGood};
    CREATE TEMPORARY TABLE ctb_conflict (id bigint PRIMARY KEY, reason text NOT NULL) ON COMMIT DELETE ROWS;
    CREATE TEMPORARY TABLE ctb_match (id bigint PRIMARY KEY, rel oid NOT NULL, tid tid NOT NULL) ON COMMIT DELETE ROWS;
    CREATE TEMPORARY TABLE ctb_opened (id bigint, col text, value text, PRIMARY KEY (id, col)) ON COMMIT DELETE ROWS`);
}

/** The rows that come back to one of the tables of a step, in their own types. */
export function sourceTable(index: number): string {
  return `pg_temp.ctb_back_${index}`;
}
