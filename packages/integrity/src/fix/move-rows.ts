import { quoteIdentifier, quoteLiteral, type Connection } from "@ctb-data/postgres";
import { IntegrityError } from "../integrity-error.ts";
import { quarantineTable } from "./fix-tables.ts";
import { groupBy } from "./group-by.ts";
import { readLiveTables, type LiveTable } from "./live-table.ts";
import { imageColumns, imageOf } from "./row-image.ts";
import { withSafeNames } from "./with-settings.ts";
import { withoutSurprises } from "./without-surprises.ts";
import { withoutTriggers } from "./without-triggers.ts";
import { analyseWorkTables, changedTable, goneTable, sameRow } from "./work-tables.ts";

/** Which step of which run writes into the quarantine. */
export interface StepOf {
  readonly run: string;
  readonly step: number;
  readonly action: "moved" | "deleted";
}

/** How many rows of one table are affected. */
export interface TableCount {
  readonly table: LiveTable;
  readonly gone: number;
  readonly changed: number;
  /** Of `gone`, those that are not of the finding itself. */
  readonly dependents: number;
}

/** Counts what is in the work tables, table by table. */
export async function countRows(connection: Connection): Promise<readonly TableCount[]> {
  const { rows } = await connection.query<{
    readonly home: number;
    readonly gone: bigint;
    readonly changed: bigint;
    readonly dependents: bigint;
  }>(`SELECT COALESCE(pg_catalog.pg_partition_root(rel)::pg_catalog.oid, rel) AS home,
      count(*) FILTER (WHERE gone) AS gone, count(*) FILTER (WHERE NOT gone) AS changed, count(*) FILTER (WHERE depth > 0) AS dependents
    FROM (SELECT rel, true AS gone, depth FROM ${goneTable} UNION ALL SELECT rel, false, min(depth) FROM ${changedTable} GROUP BY rel, tid) w
    GROUP BY 1 ORDER BY 1`);
  const tables = await withSafeNames(
    connection,
    async () =>
      await readLiveTables(
        connection,
        rows.map(({ home }) => home),
      ),
  );
  return rows.flatMap(({ home, gone, changed, dependents }) => {
    const table = tables.get(home);
    if (!table) return [];
    return [
      { table, gone: Number(gone), changed: Number(changed), dependents: Number(dependents) },
    ];
  });
}

/**
 * Copies the rows of the work tables to the quarantine and takes them away, or changes them, all in one statement: the server looks
 * at its foreign keys when it is over, so that rows may refer to each other in circles, and finds nothing left to cascade to. The
 * triggers of users do not fire: they could change what comes back with `undo`.
 *
 * @throws {IntegrityError} REFUSED when the server let fewer rows go than there are.
 */
export async function moveRows(
  connection: Connection,
  counts: readonly TableCount[],
  of: StepOf,
): Promise<void> {
  await analyseWorkTables(connection);
  await withSafeNames(connection, async () => {
    for (const { table, gone, changed } of counts) {
      if (gone > 0) await keepGone(connection, table, of);
      if (changed > 0) await keepChanged(connection, table, of);
    }
  });
  const tables = counts.map(({ table }) => table);
  await withoutTriggers(connection, tables, async () => {
    await withoutSurprises(connection, async () => {
      await takeAway(connection, counts);
      // What waits for the end of the transaction would keep the tables from being altered.
      await connection.query("SET CONSTRAINTS ALL IMMEDIATE");
    });
  });
}

const fixedColumns = "run, step, store, place, key, action, why, old_row";

async function keepGone(connection: Connection, table: LiveTable, of: StepOf): Promise<void> {
  await connection.query(
    `INSERT INTO ${quarantineTable} (${fixedColumns})
    SELECT $1, $2, 'postgres', $3, ${imageOf("t", table.key)}, $4, g.why, ${imageOf("t", imageColumns(table))}
    FROM ${table.source} t JOIN ${goneTable} g ON ${sameRow("t", "g")}`,
    [of.run, of.step, table.place, of.action],
  );
}

/** A value that was in the clear where it should be encrypted is in no image: `undo` decrypts the new one. */
async function keepChanged(connection: Connection, table: LiveTable, of: StepOf): Promise<void> {
  await connection.query(
    `INSERT INTO ${quarantineTable} (${fixedColumns}, new_row, sealed)
    SELECT $1, $2, 'postgres', $3, ${imageOf("t", table.key)} - COALESCE(c.sealed, '{}'), 'changed', c.why,
      ${imageOf("t", imageColumns(table))} - COALESCE(c.sealed, '{}'), c.new_row, c.sealed
    FROM ${table.source} t JOIN (SELECT rel, tid, min(why) AS why, pg_catalog.jsonb_object_agg(col, value) AS new_row,
      array_agg(col) FILTER (WHERE sealed) AS sealed FROM ${changedTable} GROUP BY rel, tid) c ON ${sameRow("t", "c")}`,
    [of.run, of.step, table.place],
  );
}

async function takeAway(connection: Connection, counts: readonly TableCount[]): Promise<void> {
  const parts = counts.flatMap(({ table, gone, changed }, index) => [
    ...(gone > 0 ? [{ name: `d${index}`, sql: deletion(table), rows: gone, table }] : []),
    ...(changed > 0 ? [{ name: `u${index}`, sql: "", rows: changed, table }] : []),
  ]);
  const columns = await changedColumns(connection);
  const statements = parts.map((part) => ({
    ...part,
    sql: part.sql === "" ? change(part.table, columns.get(part.table.oid) ?? []) : part.sql,
  }));
  if (statements.length === 0) return;
  const { rows } = await connection.query<Record<string, bigint>>(
    `WITH ${statements.map(({ name, sql }) => `${name} AS (${sql} RETURNING 1)`).join(",\n")}
    SELECT ${statements.map(({ name }) => `(SELECT count(*) FROM ${name}) AS ${name}`).join(", ")}`,
  );
  for (const { name, rows: expected, table } of statements) {
    const done = Number(rows[0]?.[name] ?? 0);
    if (done === expected) continue;
    throw new IntegrityError(
      "REFUSED",
      `Only ${done} of ${expected} rows of ${table.place} could be changed: a rule or a policy of the table keeps the others.`,
      { table: table.place, hint: "Nothing was changed. Look at its rules and row security." },
    );
  }
}

async function changedColumns(
  connection: Connection,
): Promise<ReadonlyMap<number, readonly string[]>> {
  const { rows } = await connection.query<{ readonly home: number; readonly col: string }>(
    `SELECT DISTINCT COALESCE(pg_catalog.pg_partition_root(rel)::pg_catalog.oid, rel) AS home, col FROM ${changedTable} ORDER BY col`,
  );
  const byTable = groupBy(rows, ({ home }) => home);
  return new Map([...byTable].map(([home, list]) => [home, list.map(({ col }) => col)]));
}

function deletion({ source }: LiveTable): string {
  return `DELETE FROM ${source} t USING ${goneTable} g WHERE ${sameRow("t", "g")}`;
}

function change(table: LiveTable, columns: readonly string[]): string {
  const sets = columns.map((name) => {
    const column = quoteIdentifier(name);
    const type = table.columns.find((one) => one.name === name)?.type ?? "text";
    return `${column} = CASE WHEN c.new_row ? ${quoteLiteral(name)} THEN (c.new_row ->> ${quoteLiteral(name)})::${type} ELSE t.${column} END`;
  });
  return `UPDATE ${table.source} t SET ${sets.join(", ")}
    FROM (SELECT rel, tid, pg_catalog.jsonb_object_agg(col, value) AS new_row FROM ${changedTable} GROUP BY rel, tid) c WHERE ${sameRow("t", "c")}`;
}
