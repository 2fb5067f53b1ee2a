import { encoderOf } from "@ctb-data/models";
import { quoteLiteral, type Queryable } from "@ctb-data/postgres";
import type { ColumnGroup } from "./candidate.ts";
import type { PromotionTarget, TargetColumn } from "./promotion-target.ts";
import { NotStored } from "./refusal.ts";
import { rowKeySql, sameRowSql } from "./row-key.ts";
import type { Staged } from "./staging.ts";
import type { RowRecord } from "./standing.ts";

/** In which table, and how, rows are recorded. */
export interface WriteContext {
  readonly target: PromotionTarget;
  readonly records: string;
  readonly run: number;
  /** Nothing will stay: no sequence is moved. */
  readonly rehearsal: boolean;
  readonly habit: PromotionHabit;
}

/** What was seen in the batch before: the next one is likely to be like it. */
export interface PromotionHabit {
  /** Documents had been promoted as they are: it is worth a question before they are sent. */
  unchanged: boolean;
}

/** A staged document that changes a row. */
export interface RowChange {
  readonly staged: Staged;
  readonly rowKey: string;
  readonly how: "updated" | "adopted";
  readonly record: Pick<RowRecord, "columns" | "adopted"> | undefined;
}

/** What was written. */
export interface WrittenRows {
  /** By the number of the document. */
  readonly rowKeys: ReadonlyMap<number, string>;
  /** Documents that lost their record to one of these. */
  readonly losers: readonly { readonly collection: string; readonly id: string }[];
}

const textArray = encoderOf({ name: "text", kind: "text", dimensions: 1 });
const nothing: readonly never[] = [];

/**
 * Inserts rows whose documents have the same columns with defaults, and records them. All or none.
 *
 * @throws {NotStored} when PostgreSQL stored fewer; {PostgresError}
 */
export async function insertRows(
  db: Queryable,
  context: WriteContext,
  { rows, clean }: { readonly rows: readonly Staged[]; readonly clean: boolean },
): Promise<WrittenRows> {
  const { target } = context;
  const groups = groupsOf(rows);
  const given = [...target.columns.values()].filter((column) =>
    groups.some((group) => group.columns.includes(column)),
  );
  // INSERT wants one column at least.
  const columns = given.length > 0 ? given : target.spare;
  // RETURNING has no columns of the source: rows come back in the order in which they were inserted.
  const sql = `WITH ins AS (
    INSERT INTO ${target.live.place} ${insertSql(context, columns)}
    RETURNING ${rowKeySql(target, "t")} AS row_key),
  numbered AS (SELECT pg_catalog.row_number() OVER () AS i, row_key FROM ins),
  done AS MATERIALIZED (SELECT s.n, s.id, s.hash, s.at, s.g, r.row_key, NULL::pg_catalog.jsonb AS before
    FROM numbered r JOIN ${target.stage} s ON s.n = ($4::pg_catalog.int4[])[r.i::pg_catalog.int4]),
  ${recordSql(context, clean)}`;
  return await write(db, sql, { context, rows, groups });
}

function insertSql({ target, rehearsal }: WriteContext, columns: readonly TargetColumn[]): string {
  const { stage } = target;
  const sequences = rehearsal
    ? [...target.columns.values()].filter(
        (column) => column.live.fromSequence && !columns.includes(column),
      )
    : nothing;
  const names = [...columns, ...sequences].map(({ sqlName }) => sqlName);
  const values = [...columns.map((column) => `s.${column.stage}`), ...sequences.map(() => "- s.n")];
  const always = [...columns, ...sequences].some((column) => column.live.identityAlways);
  return `AS t (${names.join(", ")})${always ? " OVERRIDING SYSTEM VALUE" : ""}
    SELECT ${values.join(", ")} FROM ${stage} s WHERE s.n = ANY ($4::pg_catalog.int4[]) ORDER BY s.n`;
}

/** Which changes can be one statement. */
export function changeSignature(
  { staged, how, record }: RowChange,
  target: PromotionTarget,
): string {
  const { group } = staged.candidate;
  const resets = resetsOf(group, record, target).map(({ stage }) => stage);
  return `${group.g} ${how} ${record?.adopted === true} ${resets.join()}`;
}

/** Columns that an earlier version, or the document that had the row, has given, and this one does not. */
function resetsOf(
  group: ColumnGroup,
  record: RowChange["record"],
  target: PromotionTarget,
): readonly TargetColumn[] {
  const before = new Set(record?.columns);
  return [...target.columns.values()].filter(
    (column) =>
      before.has(column.name) &&
      !group.columns.includes(column) &&
      !target.primaryKey.includes(column) &&
      !column.live.identityAlways &&
      !column.live.generated,
  );
}

/**
 * Changes rows by documents of one {@link changeSignature}, and records them. All or none.
 *
 * @throws {NotStored} when PostgreSQL changed fewer; {PostgresError}
 */
export async function changeRows(
  db: Queryable,
  context: WriteContext,
  changes: readonly RowChange[],
): Promise<WrittenRows> {
  const [first] = changes;
  if (first === undefined) return { rowKeys: new Map(), losers: [] };
  const { target } = context;
  const { group } = first.staged.candidate;
  const sql = `WITH u AS (SELECT * FROM unnest($4::pg_catalog.int4[], $7::pg_catalog.text[]) AS u (n, row_key)),
  o AS (SELECT u.*, ${beforeSql(first, target)} AS before, p.before AS held FROM u
    JOIN ${target.live.place} t ON ${sameRowSql(target, "t", "u.row_key")}
    LEFT JOIN LATERAL (SELECT p.before FROM ${context.records} p WHERE p.table_name = ANY ($2::pg_catalog.text[]) AND p.row_key = u.row_key LIMIT 1) p ON true),
  done AS (UPDATE ${target.live.place} AS t SET ${setSql(first, target)}
    FROM o u JOIN ${target.stage} s ON s.n = u.n WHERE ${sameRowSql(target, "t", "u.row_key")}
    RETURNING s.n, s.id, s.hash, s.at, s.g, ${rowKeySql(target, "t")} AS row_key, u.before),
  ${recordSql(context, true)}`;
  const rows = changes.map(({ staged }) => staged);
  return await write(db, sql, {
    context,
    rows,
    groups: [group],
    keys: changes.map(({ rowKey }) => rowKey),
  });
}

/** Of a row that was there before a document: what it held, for the columns that are changed now for the first time. */
function beforeSql({ staged, how, record }: RowChange, target: PromotionTarget): string {
  if (how === "updated" && record?.adopted !== true) return "NULL::pg_catalog.jsonb";
  const { columns } = staged.candidate.group;
  const resets = resetsOf(staged.candidate.group, record, target);
  const now: string[] = [];
  // A function has at most 100 parameters.
  for (let from = 0; from < columns.length; from += 40) {
    const pairs = columns
      .slice(from, from + 40)
      .map(({ name, sqlName }) => `${quoteLiteral(name)}, t.${sqlName}::pg_catalog.text`);
    now.push(`pg_catalog.jsonb_build_object(${pairs.join(", ")})`);
  }
  const kept = resets.map(({ name }) => ` - ${quoteLiteral(name)}`).join("");
  return `(${[...now, "COALESCE(p.before, '{}')"].join(" || ")}${kept})`;
}

function setSql({ staged, record }: RowChange, target: PromotionTarget): string {
  const { group } = staged.candidate;
  const given = group.columns
    .filter(({ live }) => !live.identityAlways)
    .map(({ sqlName, stage }) => `${sqlName} = s.${stage}`);
  const resets = resetsOf(group, record, target).map(({ name, sqlName, live }) =>
    record?.adopted === true
      ? `${sqlName} = (u.held ->> ${quoteLiteral(name)})::${live.type}`
      : `${sqlName} = DEFAULT`,
  );
  const sets = [...given, ...resets];
  // A document may have nothing but its key.
  if (sets.length > 0) return sets.join(", ");
  const all = [...target.columns.values()];
  const any = all.find(({ live }) => !live.identityAlways && !live.generated)?.sqlName ?? "";
  return `${any} = t.${any}`;
}

/** Records `done`; the record of another document that had one of its rows goes. */
function recordSql({ target, records }: WriteContext, clean: boolean): string {
  const gone = clean
    ? `gone AS (DELETE FROM ${records} p USING done d WHERE p.table_name = ANY ($2::pg_catalog.text[]) AND p.row_key = d.row_key
      AND NOT (p.collection = $1 AND p.document_id = d.id) RETURNING p.collection, p.document_id)`
    : `gone AS (SELECT NULL::pg_catalog.text AS collection, NULL::pg_catalog.text AS document_id WHERE $2::pg_catalog.text[] IS NULL)`;
  return `${gone},
  given AS MATERIALIZED (SELECT g, columns::pg_catalog.text[] AS columns FROM unnest($5::pg_catalog.int4[], $6::pg_catalog.text[]) AS c (g, columns)),
  rec AS (INSERT INTO ${records} AS p (collection, document_id, table_name, row_key, content_hash, update_time, process_id, promoted_at, columns, before)
    SELECT $1, d.id, ${quoteLiteral(target.live.place)}, d.row_key, d.hash, d.at, $3, pg_catalog.clock_timestamp(), c.columns, d.before
    FROM done d JOIN given c ON c.g = d.g
      CROSS JOIN (SELECT pg_catalog.count(*) FROM gone) AS after
    ${clean ? renewSql : ""})
  SELECT pg_catalog.json_agg(n)::pg_catalog.text AS numbers, pg_catalog.json_agg(row_key)::pg_catalog.text AS keys,
    (SELECT pg_catalog.json_agg(pg_catalog.json_build_object('collection', collection, 'id', document_id)) FROM gone)::pg_catalog.text AS gone FROM done`;
}

const renewSql = `ON CONFLICT (collection, document_id) DO UPDATE SET table_name = EXCLUDED.table_name, row_key = EXCLUDED.row_key,
      content_hash = EXCLUDED.content_hash, update_time = EXCLUDED.update_time, process_id = EXCLUDED.process_id,
      promoted_at = EXCLUDED.promoted_at, columns = EXCLUDED.columns, before = EXCLUDED.before`;

async function write(
  db: Queryable,
  sql: string,
  work: {
    readonly context: WriteContext;
    readonly rows: readonly Staged[];
    readonly groups: readonly ColumnGroup[];
    readonly keys?: readonly string[];
  },
): Promise<WrittenRows> {
  const { context, rows, groups, keys } = work;
  const { rows: answers } = await db.query<{
    readonly numbers: string | null;
    readonly keys: string | null;
    readonly gone: string | null;
  }>(sql, [
    context.target.collection,
    context.target.recordNames,
    context.run,
    rows.map(({ n }) => n),
    groups.map(({ g }) => g),
    groups.map(({ columns }) => textArray(columns.map(({ name }) => name))),
    ...(keys === undefined ? [] : [keys]),
  ]);
  const [answer] = answers;
  const rowKeys = keysByNumber(answer?.numbers ?? "[]", answer?.keys ?? "[]");
  if (rowKeys.size !== rows.length) throw new NotStored("Fewer rows came back");
  return { rowKeys, losers: recordsOf(answer?.gone ?? "[]") };
}

function keysByNumber(numbersJson: string, keysJson: string): ReadonlyMap<number, string> {
  const numbers: readonly number[] = JSON.parse(numbersJson);
  const keys: readonly string[] = JSON.parse(keysJson);
  return new Map(numbers.map((n, index) => [n, keys[index] ?? ""]));
}

function recordsOf(json: string): WrittenRows["losers"] {
  const records: WrittenRows["losers"] = JSON.parse(json);
  return records;
}

function groupsOf(rows: readonly Staged[]): readonly ColumnGroup[] {
  return [...new Set(rows.map(({ candidate }) => candidate.group))];
}
