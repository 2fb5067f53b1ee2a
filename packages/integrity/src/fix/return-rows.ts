import { quoteIdentifier, quoteLiteral, type Connection } from "@ctb-data/postgres";
import { quarantineTable } from "./fix-tables.ts";
import { returningRows, returningWhere, type Returning } from "./returning-rows.ts";
import { withSafeNames } from "./row-image.ts";
import { withoutNotValid } from "./set-aside.ts";
import { matchTable, sourceTable } from "./undo-tables.ts";
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
  const sources = await withSafeNames(
    connection,
    async () => await readImages(connection, returning),
  );
  await withoutNotValid(connection, tables, async () => {
    await withoutTriggers(connection, tables, async () => {
      const parts = returning.flatMap((one, index) => [
        ...(one.gone > 0 ? [`i${index} AS (${insertion(one, index)})`] : []),
        ...(one.changed > 0 ? [`u${index} AS (${change(one, index)})`] : []),
      ]);
      await connection.query(`WITH ${parts.join(",\n")} SELECT 1`);
      await connection.query("SET CONSTRAINTS ALL IMMEDIATE");
    });
  });
  for (const one of returning) {
    await connection.query(
      `UPDATE ${quarantineTable} q SET restored_at = pg_catalog.clock_timestamp(), conflict = NULL WHERE ${returningWhere(one, "all")}`,
    );
  }
  for (const source of sources) await connection.query(`DROP TABLE ${source}`);
}

/** The images as rows of the right types, read while names mean what they meant; the insertion runs with the user's own path. */
async function readImages(
  connection: Connection,
  returning: readonly Returning[],
): Promise<readonly string[]> {
  const made: string[] = [];
  for (const [index, one] of returning.entries()) {
    const name = sourceTable(index);
    await connection.query(
      `CREATE TEMPORARY TABLE ${name.replace("pg_temp.", "")} ON COMMIT DROP AS SELECT q.action AS ctb_action, x.* FROM ${returningRows(one, "all")} x JOIN ${quarantineTable} q ON q.id = x.ctb_id`,
    );
    made.push(name);
  }
  return made;
}

function insertion({ table, columns }: Returning, index: number): string {
  const names = columns.map(quoteIdentifier).join(", ");
  // A table may have no columns, and rows all the same.
  const target =
    columns.length === 0 ? "SELECT" : `(${names}) OVERRIDING SYSTEM VALUE SELECT ${names}`;
  return `INSERT INTO ${table.place} ${target} FROM ${sourceTable(index)} WHERE ctb_action <> 'changed'`;
}

function change({ table, columns }: Returning, index: number): string {
  const sets = columns.map((name) => {
    const column = quoteIdentifier(name);
    return `${column} = CASE WHEN x.ctb_new ? ${quoteLiteral(name)} THEN x.${column} ELSE t.${column} END`;
  });
  return `UPDATE ${table.source} t SET ${sets.join(", ")} FROM ${sourceTable(index)} x JOIN ${matchTable} m ON m.id = x.ctb_id
    WHERE t.tableoid = m.rel AND t.ctid = m.tid AND x.ctb_action = 'changed'`;
}
