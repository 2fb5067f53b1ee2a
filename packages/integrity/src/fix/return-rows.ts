import { quoteIdentifier, quoteLiteral, type Connection } from "@ctb-data/postgres";
import { quarantineTable } from "./fix-tables.ts";
import { findRefused, oneRow } from "./keep-refused.ts";
import { returningRows, returningWhere, type Returning } from "./returning-rows.ts";
import { withoutNotValid } from "./set-aside.ts";
import { matchTable } from "./undo-tables.ts";
import { withoutTriggers } from "./without-triggers.ts";

/**
 * Puts the rows of a step back, those in conflict aside, all in one statement: the server looks at its foreign keys when it is
 * over, so that rows may refer to each other in circles.
 */
export async function returnRows(
  connection: Connection,
  returning: readonly Returning[],
): Promise<void> {
  const tables = returning.map(({ table }) => table);
  await withoutNotValid(connection, tables, async () => {
    await withoutTriggers(connection, tables, async () => {
      const parts = returning.flatMap((one, index) => [
        ...(one.gone > 0 ? [`i${index} AS (${insertion(one)})`] : []),
        ...(one.changed > 0 ? [`u${index} AS (${change(one)})`] : []),
      ]);
      await connection.query(`WITH ${parts.join(",\n")} SELECT 1`);
      await connection.query("SET CONSTRAINTS ALL IMMEDIATE");
    });
  });
  for (const one of returning) {
    await connection.query(
      `UPDATE ${quarantineTable} q SET restored_at = pg_catalog.clock_timestamp(), conflict = NULL WHERE ${returningWhere(one, "all")};
      DROP TABLE ${one.rows}`,
    );
  }
}

/** Finds the rows that the server refuses, one by one, and makes them conflicts. How many there are. */
export async function findRefusedRows(
  connection: Connection,
  returning: readonly Returning[],
): Promise<number> {
  const tables = returning.map(({ table }) => table);
  return await withoutNotValid(connection, tables, async () => {
    let found = 0;
    await withoutTriggers(connection, tables, async () => {
      for (const one of returning) {
        const row = { ...one, only: oneRow };
        const statements = [
          ...(one.gone > 0 ? [insertion(row)] : []),
          ...(one.changed > 0 ? [change(row)] : []),
        ];
        found += await findRefused(connection, one, statements);
      }
    });
    return found;
  });
}

function insertion(returning: Returning): string {
  const { table, columns } = returning;
  const names = columns.map(quoteIdentifier).join(", ");
  // A table may have no columns, and rows all the same.
  const target =
    columns.length === 0 ? "SELECT" : `(${names}) OVERRIDING SYSTEM VALUE SELECT ${names}`;
  return `INSERT INTO ${table.place} ${target} FROM ${returningRows(returning, "gone")} x`;
}

function change(returning: Returning): string {
  const { table, columns } = returning;
  const sets = columns.map((name) => {
    const column = quoteIdentifier(name);
    return `${column} = CASE WHEN x.ctb$new ? ${quoteLiteral(name)} THEN x.${column} ELSE t.${column} END`;
  });
  return `UPDATE ${table.source} t SET ${sets.join(", ")} FROM ${returningRows(returning, "changed")} x JOIN ${matchTable} m ON m.id = x.ctb$id
    WHERE t.tableoid = m.rel AND t.ctid = m.tid`;
}
