import { quoteLiteral, type Queryable } from "@ctb-data/postgres";
import type { BuildSql } from "./history-table.ts";
import type { MigrationStatement, ObjectName } from "./migration-file.ts";
import { qualifiedName } from "./qualified-name.ts";
import type { RecordedBuild } from "./read-history.ts";

/** An index that a concurrent build has made since it began. */
export interface BuiltIndex {
  /** Qualified and quoted. */
  readonly name: string;
  readonly valid: boolean;
}

/** Remembers, as SQL for the history's row, which indexes there are before a concurrent build. */
export function buildSqlOf(statement: MigrationStatement | undefined): BuildSql | undefined {
  const build = statement?.builds;
  if (!build) return undefined;
  if (build.kind === "reindex" || !build.table) {
    return {
      table: "0",
      index: "NULL",
      before: "ARRAY(SELECT indexrelid FROM pg_catalog.pg_index WHERE NOT indisvalid)",
    };
  }
  const table = regclassSql(build.table);
  return {
    // Of a table that does not exist nothing can be left behind: 1 is no table.
    table: `COALESCE(${table}, 1::oid)`,
    index: build.index === undefined ? "NULL" : quoteLiteral(build.index),
    before: `ARRAY(SELECT indexrelid FROM pg_catalog.pg_index WHERE indrelid = ${table})`,
  };
}

/** Writes down again what an earlier row of the history has remembered. */
export function recordedBuildSql({ before, table, index }: RecordedBuild): BuildSql {
  return {
    table: `${quoteLiteral(table)}::oid`,
    index: index === null ? "NULL" : quoteLiteral(index),
    before: `${quoteLiteral(`{${before}}`)}::oid[]`,
  };
}

/**
 * Drops the invalid indexes that the one failed statement has left, and nobody else's: those that were not there
 * before it, on its table, under its name (with REINDEX: under the names that the server gives to half-built ones), that no
 * session is building at this moment.
 *
 * @returns The valid index that the statement has made after all, when the runner was stopped before it could note it.
 */
export async function dropLeftovers(
  db: Queryable,
  build: RecordedBuild,
): Promise<BuiltIndex | undefined> {
  const indexes = await builtIndexes(db, build);
  for (const index of indexes)
    if (!index.valid) await db.query(`DROP INDEX CONCURRENTLY IF EXISTS ${index.name}`);
  return indexes.find((index) => index.valid);
}

/** Whether a concurrent build has made its index after all. */
export async function hasBuilt(db: Queryable, build: RecordedBuild): Promise<boolean> {
  return (await builtIndexes(db, build)).some((index) => index.valid);
}

async function builtIndexes(db: Queryable, build: RecordedBuild): Promise<readonly BuiltIndex[]> {
  const mine =
    build.table === "0"
      ? "NOT i.indisvalid AND c.relname ~ '_cc(new|old)[0-9]*$'"
      : `i.indrelid = ${quoteLiteral(build.table)}::oid${build.index === null ? "" : ` AND c.relname = ${quoteLiteral(build.index)}`}`;
  const { rows } = await db.query<BuiltIndex>(
    `SELECT pg_catalog.format('%I.%I', n.nspname, c.relname) AS name, i.indisvalid AS valid
FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE ${mine} AND NOT i.indexrelid = ANY (${quoteLiteral(`{${build.before}}`)}::oid[])
  AND NOT EXISTS (SELECT FROM pg_catalog.pg_stat_progress_create_index p WHERE p.index_relid = i.indexrelid)
ORDER BY name`,
  );
  return rows;
}

/** The invalid index that `CREATE INDEX CONCURRENTLY IF NOT EXISTS` has found and kept. */
export async function keptInvalidIndex(
  db: Queryable,
  statement: MigrationStatement,
): Promise<string | undefined> {
  const { index, table } = statement.builds ?? {};
  if (index === undefined || !table) return undefined;
  const { rows } = await db.query<{ readonly name: string }>(
    `SELECT pg_catalog.format('%I.%I', n.nspname, c.relname) AS name
FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE i.indrelid = ${regclassSql(table)} AND c.relname = ${quoteLiteral(index)} AND NOT i.indisvalid`,
  );
  return rows[0]?.name;
}

function regclassSql(name: ObjectName): string {
  return `pg_catalog.to_regclass(${quoteLiteral(qualifiedName(name))})::oid`;
}
