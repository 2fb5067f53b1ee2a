import { quoteIdentifier, quoteLiteral, type Queryable } from "@ctb-data/postgres";
import { MigrationError } from "./migration-error.ts";
import type { MigrationStatement } from "./migration-file.ts";
import type { MigrationJob } from "./migration-job.ts";
import { qualifiedName } from "./qualified-name.ts";
import { withDependents, type DroppedRows } from "./with-dependents.ts";

/** Rows that a statement would throw away. */
export interface DataLoss {
  readonly message: string;
  readonly line: number;
}

/**
 * Checks right in front of a statement that what it drops has no rows. With `lock`, which needs a transaction, the tables
 * are locked first, so that none can come in between.
 *
 * @throws {MigrationError} WOULD_LOSE_DATA
 */
export async function refuseDataLoss(
  connection: Queryable,
  {
    job,
    statement,
    lock,
  }: {
    readonly job: MigrationJob;
    readonly statement: MigrationStatement;
    readonly lock: boolean;
  },
): Promise<void> {
  const [loss] = await findDataLoss(connection, [statement], { lock });
  if (loss) throw wouldLoseData(loss, job);
}

export function wouldLoseData({ message, line }: DataLoss, job: MigrationJob): MigrationError {
  const { file } = job.parsed;
  return new MigrationError("WOULD_LOSE_DATA", `${file}:${line}: ${message}`, {
    file,
    line,
    version: job.version,
    hint: "Save the rows first. To roll back all the same, add --force to the command.",
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
      for (const rows of await withDependents(db, drop)) {
        const message = await lostIn(db, rows, lock);
        if (message !== undefined) losses.push({ message, line });
      }
    }
  }
  return losses;
}

async function lostIn(
  db: Queryable,
  drop: DroppedRows,
  lock: boolean,
): Promise<string | undefined> {
  const name = qualifiedName(drop.table);
  const column = drop.column === undefined ? undefined : quoteIdentifier(drop.column);
  if (!(await isStored(db, name, drop.column))) return undefined;
  if (lock) await db.query(`LOCK TABLE ${name} IN ACCESS EXCLUSIVE MODE`);
  const where = column === undefined ? "" : ` WHERE ${column} IS NOT NULL`;
  const { rows } = await db.query<{ readonly found: boolean; readonly hidden: boolean }>(
    `SELECT EXISTS (SELECT FROM ${name}${where}) AS found, ${hasHiddenRowsSql(name)} AS hidden`,
  );
  if (rows[0]?.found === true) {
    return column === undefined
      ? `the table ${name} has rows, which would be lost.`
      : `the column ${name}.${column} has values, which would be lost.`;
  }
  return rows[0]?.hidden === true
    ? `the table ${name} may have rows that row-level security hides, which would be lost.`
    : undefined;
}

/** Policies hide rows even from a table's owner when they are forced; how large the table is, they do not hide. */
function hasHiddenRowsSql(table: string): string {
  const oid = `pg_catalog.to_regclass(${quoteLiteral(table)})::oid`;
  return `pg_catalog.row_security_active(${oid}) AND EXISTS (WITH RECURSIVE parts AS (
  SELECT ${oid} AS oid UNION SELECT inhrelid FROM pg_catalog.pg_inherits JOIN parts ON parts.oid = inhparent
) SELECT FROM parts WHERE pg_catalog.pg_relation_size(oid) > 0)`;
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
