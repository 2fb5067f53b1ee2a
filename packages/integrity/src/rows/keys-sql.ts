import type { RowKey, TableScan } from "./row-rule.ts";
import { columnOf, fromTable, ownName, type TableFacts } from "./scan-facts.ts";

/** A key with what the server can do with its values. */
export interface PlannedKey {
  readonly key: RowKey;
  /** Its parts in SQL, of the alias `t`; as texts where their type has no order or no hash. */
  readonly parts: readonly string[];
  /** SQL of a hash of 64 bits: equal keys have equal hashes. */
  readonly hash: string;
}

/** The keys of a table, and where their rows are read from. */
export interface KeysPlan {
  readonly scan: TableScan;
  readonly facts: TableFacts;
  readonly keys: readonly PlannedKey[];
}

/** Functions of PostgreSQL that hash a type at a quarter of the cost of a row's hash. */
const quickHashes: Readonly<Record<string, string>> = {
  smallint: "hashint2extended",
  integer: "hashint4extended",
  bigint: "hashint8extended",
  text: "hashtextextended",
  "character varying": "hashtextextended",
  uuid: "uuid_hash_extended",
};

/** The hash of a key. The seed keeps equal values of different keys apart. */
export function hashSql(parts: readonly string[], types: readonly string[], seed: number): string {
  const [part = ""] = parts;
  const quick = parts.length === 1 ? quickHashes[types[0] ?? ""] : undefined;
  if (quick !== undefined) return `pg_catalog.${quick}(${part}, ${seed})`;
  return `pg_catalog.hash_record_extended(ROW(${parts.join(", ")}), ${seed})`;
}

/** The hashes that are there more than once. */
export function repeatedHashesSql(plan: KeysPlan): string {
  const hashes = plan.keys.map(({ hash }, index) => caseSql(plan.keys[index], hash)).join(", ");
  const [first = ""] = plan.keys.map((one) => caseSql(one, one.hash));
  const list =
    plan.keys.length === 1 ? first : `pg_catalog.unnest(ARRAY[${hashes}]::pg_catalog.int8[])`;
  // OFFSET 0: null is left out before the sort.
  return `SELECT h FROM (SELECT ${list} AS h FROM ${rowsSql(plan)} AS t OFFSET 0) AS x WHERE h IS NOT NULL GROUP BY h HAVING pg_catalog.count(*) > 1`;
}

/** Which rows may have a key that another has: those with one of some hashes, or all that share theirs. */
export type Candidates = { readonly hashes: readonly string[] } | "all";

/**
 * The rows of each key that are too many: the number of the key, `tableoid` and `ctid` of the row and of the one that is kept,
 * the key of both. Kept is the row with the smallest primary key; without one the first of the table.
 */
export function surplusSql(plan: KeysPlan, candidates: Candidates): string {
  const { scan } = plan;
  const ids = scan.key.map((_name, index) => ownName(`id ${index}`));
  const place = [ownName("table"), ownName("row")];
  const row = [...place, ...ids];
  const order = [...ids, ...place].join(", ");
  const kept = row.map((name) => `pg_catalog.first_value(${name}) OVER w AS ${keptName(name)}`);
  const ranked = `SELECT ${["n", ...row].join(", ")}, pg_catalog.row_number() OVER w AS place, ${kept.join(", ")}
    FROM (${candidatesSql(plan, candidates)}) AS c WINDOW w AS (PARTITION BY k ORDER BY ${order})`;
  return `SELECT ${["n", ...row, ...row.map(keptName)].join(", ")} FROM (${ranked}) AS r WHERE place > 1`;
}

function keptName(name: string): string {
  return name.replace(/^"ctb /, '"ctb kept ');
}

/**
 * Each row once for each of its keys: the number of the key, and the key as one value. Values of different types are never compared,
 * because their number comes first in it.
 */
function candidatesSql(plan: KeysPlan, candidates: Candidates): string {
  const { scan, keys } = plan;
  const own = [
    `t.${ownName("table")}`,
    `t.${ownName("row")}`,
    ...scan.key.map((name, index) => `${columnOf("t", name)} AS ${ownName(`id ${index}`)}`),
  ];
  const values = keys.map((one, index) => `(${index}, ${caseSql(one, one.hash)}, ROW(${index}, ROW(${one.parts.join(", ")})))`); // prettier-ignore
  const unpivoted = `SELECT ${own.join(", ")}, v.n, v.h, v.k FROM ${rowsSql(plan)} AS t CROSS JOIN LATERAL (VALUES ${values.join(", ")}) AS v (n, h, k) WHERE v.h IS NOT NULL`;
  if (candidates === "all")
    return `SELECT * FROM (SELECT u.*, pg_catalog.count(*) OVER (PARTITION BY u.h) AS times FROM (${unpivoted}) AS u) AS a WHERE times > 1`;
  return `${unpivoted} AND v.h = ANY ('{${candidates.hashes.join(",")}}'::pg_catalog.int8[])`;
}

/** Null for a row that a partial index leaves out, or of which a part is null and nulls are distinct. */
function caseSql(one: PlannedKey | undefined, sql: string): string {
  const { key, parts = [] } = one ?? {};
  const conditions = [
    ...(key?.where === undefined ? [] : [`(${key.where})`]),
    ...(key?.nullsNotDistinct === true ? [] : parts.map((part) => `${part} IS NOT NULL`)),
  ];
  return conditions.length === 0 ? sql : `CASE WHEN ${conditions.join(" AND ")} THEN ${sql} END`;
}

/** `OFFSET 0` keeps the planner from believing constraints. */
function rowsSql({ scan, facts }: KeysPlan): string {
  return `(SELECT t.tableoid AS ${ownName("table")}, t.ctid AS ${ownName("row")}, t.* FROM ${fromTable(scan.table, facts)} AS t OFFSET 0)`;
}

/** A statement that fails when the parts of a key have no order or no hash. It gives the types of the parts. */
export function keyProbeSql(plan: Omit<KeysPlan, "keys">, parts: readonly string[]): string {
  const row = `ROW(${parts.join(", ")})`;
  const types = parts.map((part) => `pg_catalog.format_type(pg_catalog.pg_typeof(${part})::oid, NULL)`); // prettier-ignore
  // Outer join with nothing: the expressions are computed once, of nulls.
  return `SELECT ARRAY[${types.join(", ")}] AS types, pg_catalog.hash_record_extended(${row}, 0) AS hash, pg_catalog.btrecordcmp(${row}, ${row}) AS comparison
    FROM (SELECT t.* FROM (SELECT 1) AS one LEFT JOIN ${fromTable(plan.scan.table, plan.facts)} AS t ON false) AS t`;
}
