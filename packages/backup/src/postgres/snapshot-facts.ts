import { PostgresError, type Connection } from "@ctb-data/postgres";
import type { Uncovered } from "../archive/postgres-manifest.ts";
import { readFingerprint, type CatalogFingerprint } from "./catalog-fingerprint.ts";
import { hasRows, type ListedTable } from "./list-tables.ts";
import type { MeasuredTable } from "./plan-parts.ts";
import { qualifiedName } from "./qualified-name.ts";
import type { ServerFacts } from "./server-facts.ts";

/** What is known of a snapshot once it is taken. */
export interface SnapshotFacts {
  readonly snapshot: string;
  readonly takenAt: string;
  readonly lsn: string | null;
  readonly tables: readonly MeasuredTable[];
  readonly uncovered: readonly Uncovered[];
  readonly fingerprint: CatalogFingerprint;
}

/** In the session that holds the snapshot. @throws {PostgresError} */
export async function readSnapshotFacts(
  connection: Connection,
  listed: readonly ListedTable[],
  server: ServerFacts,
): Promise<SnapshotFacts> {
  const current = server.versionNumber >= 130_000 ? "pg_current_snapshot" : "txid_current_snapshot";
  const { rows } = await connection.query<{ snapshot: string; takenAt: string }>(
    `SELECT ${current}()::text AS snapshot,
      to_char(clock_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS "takenAt"`,
  );
  const [moment] = rows;
  if (!moment) throw new Error("The server has no snapshot");
  return {
    ...moment,
    lsn: await readLsn(connection),
    tables: await measure(connection, listed.filter(hasRows), server),
    uncovered: [...listed.flatMap(uncoveredTable), ...(await largeObjects(connection))],
    fingerprint: await readFingerprint(connection),
  };
}

/** Some hosts do not let their users know. */
async function readLsn(connection: Connection): Promise<string | null> {
  await connection.query("SAVEPOINT ctb_lsn");
  try {
    const { rows } = await connection.query<{ lsn: string | null }>(
      "SELECT CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn() ELSE pg_current_wal_lsn() END::text AS lsn",
    );
    return rows[0]?.lsn ?? null;
  } catch (error) {
    if (!(error instanceof PostgresError) || connection.lost) throw error;
    return null;
  } finally {
    if (!connection.lost) await connection.query("ROLLBACK TO SAVEPOINT ctb_lsn");
  }
}

async function measure(
  connection: Connection,
  tables: readonly ListedTable[],
  { blockBytes }: ServerFacts,
): Promise<readonly MeasuredTable[]> {
  const { rows } = await connection.query<{ oid: string; main: string; whole: string }>(
    `SELECT oid, pg_relation_size(oid::oid)::text AS main, pg_table_size(oid::oid)::text AS whole
      FROM unnest($1::text[]) AS oid`,
    [tables.map(({ oid }) => oid)],
  );
  const sizes = new Map(rows.map(({ oid, main, whole }) => [oid, { main, whole }]));
  return tables.map((table) => {
    const size = sizes.get(table.oid);
    const pages = Math.ceil(Number(size?.main ?? 0) / blockBytes);
    return { ...table, pages, sizeBytes: Number(size?.whole ?? 0) };
  });
}

function uncoveredTable(table: ListedTable): readonly Uncovered[] {
  const name = qualifiedName(table);
  if (table.kind === "f")
    return [{ kind: "foreign table rows", name, why: "Its rows are on another server." }];
  if (table.kind !== "r" || hasRows(table)) return [];
  const why = `It belongs to the extension ${table.extension ?? ""}, which does not mark it for dumps.`;
  return [{ kind: "extension table rows", name, why }];
}

async function largeObjects(connection: Connection): Promise<readonly Uncovered[]> {
  const { rows } = await connection.query<{ count: number }>(
    "SELECT count(*)::int AS count FROM pg_catalog.pg_largeobject_metadata",
  );
  const count = rows[0]?.count ?? 0;
  if (count === 0) return [];
  const why = "Large objects are not read; bytea columns are.";
  return [{ kind: "large objects", name: `${count} large objects`, why }];
}
