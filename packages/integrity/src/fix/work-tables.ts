import type { Connection } from "@ctb-data/postgres";

/** The rows that a step takes away, and at which distance from the finding: 0 for its own, 1 for those that refer to them, … */
export const goneTable = "pg_temp.ctb_gone";

/** The columns that a step changes, one row for each column of each row. */
export const changedTable = "pg_temp.ctb_changed";

/**
 * A document is written to Firestore when what it was is committed: where commits are not waited for, a crash of the server would lose
 * what it was.
 */
export const commitForGood: string =
  "SELECT pg_catalog.set_config('synchronous_commit', 'on', false) WHERE pg_catalog.current_setting('synchronous_commit') = 'off'";

/**
 * Makes the temporary tables of a session, which every transaction finds empty. Before a transaction, because a read-only
 * one may fill temporary tables and not make them.
 */
export async function makeWorkTables(connection: Connection): Promise<void> {
  await connection.query(`SET client_min_messages = warning; ${commitForGood};
    CREATE TEMPORARY TABLE ctb_gone (rel oid, tid tid, depth integer NOT NULL, why text NOT NULL, PRIMARY KEY (rel, tid)) ON COMMIT DELETE ROWS;
    CREATE TEMPORARY TABLE ctb_changed (rel oid, tid tid, col text, depth integer NOT NULL, value text, sealed boolean NOT NULL DEFAULT false,
      why text NOT NULL, PRIMARY KEY (rel, tid, col)) ON COMMIT DELETE ROWS`);
}

/** Not by themselves: temporary tables are never analysed, and a wrong guess turns a second into an hour. */
export async function analyseWorkTables(connection: Connection): Promise<void> {
  await connection.query(`ANALYZE ${goneTable}; ANALYZE ${changedTable}`);
}

/** Joins the rows of a table, under its alias, with those of a work table. */
export function sameRow(alias: string, work: string): string {
  return `${alias}.tableoid = ${work}.rel AND ${alias}.ctid = ${work}.tid`;
}
