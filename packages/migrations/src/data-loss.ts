import { quoteIdentifier, quoteLiteral, type Queryable } from "@ctb-data/postgres";
import { MigrationError } from "./migration-error.ts";
import type { DroppedObject, MigrationStatement, ObjectName } from "./migration-file.ts";
import type { MigrationJob } from "./migration-job.ts";

/** Rows that a statement would throw away. */
export interface DataLoss {
  readonly message: string;
  readonly line: number;
}

/**
 * Checks right in front of a statement, in its own transaction, that what it drops has no rows: the tables are locked
 * first, so that none can come in between.
 *
 * @throws {MigrationError} WOULD_LOSE_DATA
 */
export async function refuseDataLoss(
  connection: Queryable,
  { job, statement }: { readonly job: MigrationJob; readonly statement: MigrationStatement },
): Promise<void> {
  const [loss] = await findDataLoss(connection, [statement], {
    lock: job.parsed.header.transaction,
  });
  if (loss) throw wouldLoseData(loss, job);
}

export function wouldLoseData({ message, line }: DataLoss, job: MigrationJob): MigrationError {
  const { file } = job.parsed;
  return new MigrationError("WOULD_LOSE_DATA", `${file}:${line}: ${message}`, {
    file,
    line,
    version: job.version,
    hint: "Save the rows first. To roll back all the same: ctb-data migrate rollback --force.",
  });
}

/** What statements would throw away, as far as tables exist now. */
export async function findDataLoss(
  db: Queryable,
  statements: readonly MigrationStatement[],
  { lock = false }: { readonly lock?: boolean } = {},
): Promise<readonly DataLoss[]> {
  const losses: DataLoss[] = [];
  for (const { drops, line } of statements) {
    for (const drop of drops) {
      const messages =
        drop.kind === "schema"
          ? await lostInSchema(db, drop.table)
          : await lostInTable(db, drop, lock);
      losses.push(...messages.map((message) => ({ message, line })));
    }
  }
  return losses;
}

async function lostInSchema(db: Queryable, schema: ObjectName): Promise<readonly string[]> {
  const { rows } = await db.query<{ readonly name: string }>(
    `SELECT relname::text AS name FROM pg_catalog.pg_class
WHERE relnamespace = pg_catalog.to_regnamespace(${quoteLiteral(quoteIdentifier(schema.name))}) AND relkind IN ('r', 'p') ORDER BY relname`,
  );
  const tables = rows.map(
    ({ name }) => ({ kind: "table", table: { schema: schema.name, name } }) as const,
  );
  const found = [];
  for (const table of tables) found.push(...(await lostInTable(db, table, false)));
  return found;
}

async function lostInTable(
  db: Queryable,
  drop: DroppedObject,
  lock: boolean,
): Promise<readonly string[]> {
  const name = qualified(drop.table);
  const column = drop.column === undefined ? undefined : quoteIdentifier(drop.column);
  if (!(await isStored(db, name, drop.column))) return [];
  if (lock) await db.query(`LOCK TABLE ${name} IN ACCESS EXCLUSIVE MODE`);
  const where = column === undefined ? "" : ` WHERE ${column} IS NOT NULL`;
  const { rows } = await db.query<{ readonly found: boolean }>(
    `SELECT EXISTS (SELECT FROM ${name}${where}) AS found`,
  );
  if (rows[0]?.found !== true) return [];
  if (column !== undefined)
    return [`the column ${name}.${column} has values, which would be lost.`];
  return [`the table ${name} has rows, which would be lost.`];
}

/** Whether the table is there, and the column, and not computed from others. */
async function isStored(
  db: Queryable,
  table: string,
  column: string | undefined,
): Promise<boolean> {
  const attribute =
    column === undefined
      ? ""
      : ` AND EXISTS (SELECT FROM pg_catalog.pg_attribute WHERE attrelid = oid AND attname = ${quoteLiteral(column)} AND NOT attisdropped AND attgenerated = '')`;
  const { rows } = await db.query<{ readonly found: boolean }>(
    `SELECT EXISTS (SELECT FROM pg_catalog.pg_class WHERE oid = pg_catalog.to_regclass(${quoteLiteral(table)}) AND relkind IN ('r', 'p')${attribute}) AS found`,
  );
  return rows[0]?.found === true;
}

function qualified({ schema, name }: ObjectName): string {
  return schema === undefined
    ? quoteIdentifier(name)
    : `${quoteIdentifier(schema)}.${quoteIdentifier(name)}`;
}
