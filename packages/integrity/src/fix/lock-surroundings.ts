import type { Connection } from "@ctb-data/postgres";
import { IntegrityError } from "../integrity-error.ts";
import { readReferences, tablesThatLeadTo, type LiveReference } from "./live-references.ts";
import { readLiveTables, type LiveTable } from "./live-table.ts";
import type { FixSession } from "./step-target.ts";
import { withSafeNames } from "./with-settings.ts";

/** A table, and what may be touched when rows of it go. */
export interface LockedSurroundings {
  readonly table: LiveTable | undefined;
  /** It and all that lead to it, by oid. */
  readonly tables: ReadonlyMap<number, LiveTable>;
  /** All of the database. */
  readonly references: readonly LiveReference[];
  /** Those of them that lead to one of `tables`. */
  readonly leading: readonly LiveReference[];
}

/**
 * Locks a table, the `others` and all that lead to it, and says how they are under the lock: a migration for which the lock had to wait may
 * have added a reference whose cascade would take rows. In a dry run nothing is locked.
 *
 * @throws {IntegrityError} NOT_FOUND; {@link PostgresError} with 55P03 after the lock time-out
 */
export async function lockSurroundings(
  { connection, registry, run }: FixSession,
  { place, others }: { readonly place: string; readonly others: readonly string[] },
): Promise<LockedSurroundings> {
  const locked = new Set<string>();
  for (;;) {
    const start = await startOf(connection, place);
    const references = await readReferences(connection, registry);
    const reached = tablesThatLeadTo([start.oid, start.home], references);
    const tables = await withSafeNames(
      connection,
      async () => await readLiveTables(connection, reached),
    );
    // A partition is locked with its table.
    const homes = [...tables.values()].filter(({ oid, home }) => oid === home);
    const wanted = [...homes.map((table) => table.place), ...others].filter(
      (name) => !locked.has(name),
    );
    if (run === undefined || wanted.length === 0) {
      const leading = references.filter(({ referencedHome }) => reached.has(referencedHome));
      return { table: tables.get(start.oid), tables, references, leading };
    }
    // All at once and in the order of their names, so that two programs that do so never wait for each other.
    const sorted = [...new Set(wanted)].toSorted();
    await connection.query(`LOCK TABLE ${sorted.join(", ")} IN SHARE ROW EXCLUSIVE MODE`);
    for (const name of sorted) locked.add(name);
  }
}

async function startOf(
  connection: Connection,
  place: string,
): Promise<{ readonly oid: number; readonly home: number }> {
  const { rows } = await connection.query<{ readonly oid: number | null; readonly home: number }>(
    `SELECT o.oid, COALESCE(pg_catalog.pg_partition_root(o.oid)::pg_catalog.oid, o.oid) AS home
    FROM (SELECT pg_catalog.to_regclass($1)::pg_catalog.oid AS oid) o`,
    [place],
  );
  const [row] = rows;
  if (row && row.oid !== null) return { oid: row.oid, home: row.home };
  throw new IntegrityError("NOT_FOUND", `There is no table ${place} any more.`, {
    table: place,
    hint: "It was there a moment ago: run the command again.",
  });
}
