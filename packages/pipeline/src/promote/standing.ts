import { quoteIdentifier, type Queryable } from "@ctb-data/postgres";
import type { LiveForeignKey } from "./live-target.ts";
import type { PromotionTarget, TargetColumn } from "./promotion-target.ts";
import { rowKeySql, sameRowSql } from "./row-key.ts";

/** The record of a row: whose it is, and what it has given. */
export interface RowRecord {
  readonly collection: string;
  readonly id: string;
  readonly columns: readonly string[];
  /** The row was there before a document had it. */
  readonly adopted: boolean;
}

/** What is known of a staged document that is more than new. */
export interface Standing {
  readonly n: number;
  /** Its own promotion. */
  readonly own:
    | {
        readonly table: string;
        readonly rowKey: string;
        readonly same: boolean;
        /** What is staged is older. */
        readonly older: boolean;
        /** The row is still there. */
        readonly there: boolean;
        readonly columns: readonly string[];
        readonly adopted: boolean;
      }
    | undefined;
  /** The row that has its upsert key. */
  readonly holder: { readonly rowKey: string; readonly record: RowRecord | undefined } | undefined;
  /** Foreign keys whose row is not there. */
  readonly missing: readonly LiveForeignKey[];
}

interface StandingRow {
  readonly n: number;
  readonly table: string | null;
  readonly rowKey: string;
  readonly same: boolean;
  readonly older: boolean;
  readonly there: boolean | null;
  readonly columns: readonly string[];
  readonly adopted: boolean;
  readonly holderKey: string | null;
  readonly holderCollection: string | null;
  readonly holderId: string;
  readonly holderColumns: readonly string[];
  readonly holderAdopted: boolean;
  readonly missing: readonly number[];
}

/** Foreign keys that this user can look after, with the columns that hold them. */
function checkable(
  target: PromotionTarget,
): readonly { readonly key: LiveForeignKey; readonly columns: readonly TargetColumn[] }[] {
  return target.live.foreignKeys.flatMap((key) => {
    const columns = key.columns.flatMap((name) => target.columns.get(name) ?? []);
    return key.readable && columns.length === key.columns.length ? [{ key, columns }] : [];
  });
}

/** Every part is looked up row by row, so that no plan can read a whole table for it. */
function standingSql(target: PromotionTarget, records: string): string {
  const { live, upsertKey, stage } = target;
  const keyTest = (upsertKey?.columns ?? [])
    .map((column) => {
      const { sqlName, stage: s } = column;
      const blind = upsertKey?.blind.find((key) => key.column === column);
      const same = `t.${sqlName} = ${blind === undefined ? `s.${s}` : `ANY (s.${blind.stage})`}`;
      return upsertKey?.unique.nullsNotDistinct === true
        ? `(${same} OR t.${sqlName} IS NULL AND s.${s} IS NULL)`
        : same;
    })
    .join(" AND ");
  const keys = checkable(target);
  const looks = keys.map(({ key, columns }, i) => {
    const test = columns.map(
      ({ stage: s }, k) => `r.${quoteIdentifier(key.referencedColumns[k] ?? "")} = s.${s}`,
    );
    return `LEFT JOIN LATERAL (SELECT true AS there FROM ${key.place} r WHERE ${test.join(" AND ")} LIMIT 1) f${i} ON true`;
  });
  const lacks = keys.map(
    ({ columns }, i) =>
      `f${i}.there IS NULL AND ${columns.map(({ stage: s }) => `s.${s} IS NOT NULL`).join(" AND ")}`,
  );
  const missing = lacks.map((test, i) => `CASE WHEN ${test} THEN ${i} END`);
  return `SELECT s.n, p.table_name AS table, p.row_key AS "rowKey", p.content_hash = s.hash AS same, s.at < p.update_time AS older, own.there,
    p.columns, p.before IS NOT NULL AS adopted, x.row_key AS "holderKey", h.collection AS "holderCollection", h.document_id AS "holderId",
    h.columns AS "holderColumns", h.before IS NOT NULL AS "holderAdopted",
    array_remove(ARRAY[${missing.join(", ")}]::pg_catalog.int4[], NULL) AS missing
  FROM ${stage} s
  LEFT JOIN LATERAL (SELECT * FROM ${records} p WHERE p.collection = $1 AND p.document_id = s.id LIMIT 1) p ON true
  LEFT JOIN LATERAL (SELECT true AS there FROM ${live.place} t WHERE ${sameRowSql(target, "t", "p.row_key")} LIMIT 1) own ON true
  LEFT JOIN LATERAL (SELECT ${rowKeySql(target, "t")} AS row_key FROM ${live.place} t
    WHERE ${keyTest === "" ? "false" : `s.g = ANY ($3::pg_catalog.int4[]) AND ${keyTest}`} LIMIT 1) x ON true
  LEFT JOIN LATERAL (SELECT * FROM ${records} h WHERE h.table_name = ANY ($2::pg_catalog.text[]) AND h.row_key = x.row_key LIMIT 1) h ON true
  ${looks.join("\n  ")}
  WHERE s.n >= $4 AND ($3::pg_catalog.int4[] IS NOT NULL) AND (p.collection IS NOT NULL OR x.row_key IS NOT NULL${lacks.map((test) => ` OR ${test}`).join("")})
  ORDER BY s.n`;
}

/**
 * How staged documents stand with what is there: only of those that are more than new.
 *
 * @param options `keyed` are the groups that have all columns of the upsert key, `from` the first number.
 * @throws {PostgresError}
 */
export async function readStandings(
  db: Queryable,
  target: PromotionTarget,
  options: { readonly records: string; readonly keyed: readonly number[]; readonly from: number },
): Promise<ReadonlyMap<number, Standing>> {
  const { rows } = await db.query<StandingRow>(standingSql(target, options.records), [
    target.collection,
    target.recordNames,
    options.keyed,
    options.from,
  ]);
  const keys = checkable(target).map(({ key }) => key);
  return new Map(rows.map((row) => [row.n, standingOf(row, keys)]));
}

function standingOf(row: StandingRow, keys: readonly LiveForeignKey[]): Standing {
  const { n, table, holderKey } = row;
  const record =
    row.holderCollection === null
      ? undefined
      : {
          collection: row.holderCollection,
          id: row.holderId,
          columns: row.holderColumns,
          adopted: row.holderAdopted,
        };
  return {
    n,
    own: table === null ? undefined : { ...row, table, there: row.there === true },
    holder: holderKey === null ? undefined : { rowKey: holderKey, record },
    missing: row.missing.flatMap((index) => keys[index] ?? []),
  };
}

/** The locks of all who promote into the table are one. */
export async function lockTarget(db: Queryable, target: PromotionTarget): Promise<void> {
  await db.query("SELECT pg_catalog.pg_advisory_xact_lock(pg_catalog.hashtextextended($1, 0))", [
    `ctb-data imo promote ${target.live.place}`,
  ]);
}
