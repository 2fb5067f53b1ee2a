import { quoteIdentifier, type Connection } from "@ctb-data/postgres";
import { quarantineTable } from "./fix-tables.ts";
import { findRefused, keepRefused, oneRow } from "./keep-refused.ts";
import { returningWhere, type Returning } from "./returning-rows.ts";
import { imageValue, recordOf } from "./row-image.ts";
import { openedTable } from "./undo-tables.ts";

/** SQL for the row as it was, what was encrypted since decrypted. */
const oldImage = `(q.old_row || COALESCE((SELECT pg_catalog.jsonb_object_agg(o.col, o.value) FROM ${openedTable} o WHERE o.id = q.id), '{}'))`;

/**
 * Reads the images into a temporary table that ends with the transaction: `ctb$id` is the number in the quarantine, `ctb$new` what was
 * changed. While names mean what they meant; the insertion runs with the user's own path. Images that do not fit the table any more are
 * conflicts.
 */
export async function readImages(connection: Connection, returning: Returning): Promise<void> {
  const { rows, table, columns } = returning;
  const name = rows.replace("pg_temp.", "");
  const values = columns.map(
    (column) => `${imageValue(table, column)} AS ${quoteIdentifier(column)}`,
  );
  const selected = ["q.id AS ctb$id", "q.action AS ctb$action", "q.new_row AS ctb$new", ...values];
  const list = selected.join(", ");
  await keepRefused(connection, {
    attempt: async () => {
      await connection.query(
        `CREATE TEMPORARY TABLE ${name} ON COMMIT DROP AS SELECT ${list} FROM ${imagesOf(returning)};
        CREATE INDEX ON ${rows} (ctb$id); ANALYZE ${rows}`,
      );
    },
    search: async () =>
      await findRefused(connection, returning, [
        `SELECT ${list} INTO ctb$values FROM ${imagesOf({ ...returning, only: oneRow })}`,
      ]),
  });
}

/** `OFFSET 0`: the server may else turn images into columns before it leaves out those in conflict, which may be the ones that cannot be. */
function imagesOf(returning: Returning): string {
  const { table, columns } = returning;
  return `(SELECT q.* FROM ${quarantineTable} q WHERE ${returningWhere(returning, "all")} OFFSET 0) q
    CROSS JOIN LATERAL ${recordOf(oldImage, table, columns)}`;
}
