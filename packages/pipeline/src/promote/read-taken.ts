import type { Queryable } from "@ctb-data/postgres";
import type { FieldFailure } from "../failure.ts";
import { duplicate } from "./decide.ts";
import type { LiveUnique } from "./live-target.ts";
import type { PromotionTarget, TargetColumn } from "./promotion-target.ts";
import { rowKeySql } from "./row-key.ts";
import type { Staged } from "./staging.ts";

/** A new row has values that only one row may have, and another has them. */
export interface Taken {
  readonly failure: FieldFailure;
  /** They are those of the key by which rows are found: whose row it is can be said now. */
  readonly byKey: boolean;
}

/** Types of which two values are the same only when they are printed alike: of a key the first claim is known without a question. */
const exactTypes: ReadonlySet<string> = new Set(
  ["int2", "int4", "int8", "uuid", "text", "varchar", "bool", "date"].map(
    (name) => `pg_catalog.${name}`,
  ),
);

interface Question {
  readonly unique: LiveUnique;
  readonly columns: readonly TargetColumn[];
  readonly byKey: boolean;
}

interface Answer {
  readonly n: number;
  /** The first one of those that have the same values. */
  readonly first: number;
  readonly isThere: boolean;
  readonly collection: string | null;
  readonly id: string;
}

/**
 * Which of the rows that are to be inserted cannot be, because others have what the unique constraints of the table allow only once: rows of the
 * table, or of these themselves the first one. One question for each constraint: an INSERT that fails takes its numbers of the sequence with it.
 * What else makes values equal, as a trigger or a partial index, only the INSERT itself tells.
 *
 * @param rows in the order of the ids of their documents.
 * @throws {PostgresError}
 */
export async function readTaken(
  db: Queryable,
  { target, records }: { readonly target: PromotionTarget; readonly records: string },
  rows: readonly Staged[],
): Promise<ReadonlyMap<Staged, Taken>> {
  const asked = new Map<number, { readonly question: Question; readonly answer: Answer }[]>();
  for (const question of questionsOf(target))
    for (const answer of await ask(db, { target, records, question }, rows))
      asked.set(answer.n, [...(asked.get(answer.n) ?? []), { question, answer }]);
  const taken = new Map<Staged, Taken>();
  if (asked.size === 0) return taken;
  const holders = new Map<string, Staged>();
  for (const row of rows) {
    const claims = (asked.get(row.n) ?? []).map(({ question, answer }) => {
      const name = JSON.stringify([question.unique.name, answer.first]);
      return { question, name, holder: holderOf(target, answer, holders.get(name)) };
    });
    const lost = claims.find(({ holder }) => holder !== undefined);
    if (lost?.holder === undefined) for (const { name } of claims) holders.set(name, row);
    else
      taken.set(row, {
        failure: duplicate(target, lost.holder.record, lost.question.columns),
        byKey: lost.question.byKey,
      });
  }
  return taken;
}

/** Whose the values are already. */
function holderOf(
  { collection }: PromotionTarget,
  answer: Answer,
  earlier: Staged | undefined,
):
  | { readonly record: { readonly collection: string; readonly id: string } | undefined }
  | undefined {
  if (answer.isThere)
    return {
      record:
        answer.collection === null ? undefined : { collection: answer.collection, id: answer.id },
    };
  return earlier && { record: { collection, id: earlier.candidate.document.id } };
}

function questionsOf(target: PromotionTarget): readonly Question[] {
  return target.live.uniques.flatMap((unique) => {
    const columns = unique.columns.flatMap((name) => target.columns.get(name) ?? []);
    const byKey = unique === target.upsertKey?.unique;
    const isKnown = byKey && columns.every(({ live }) => exactTypes.has(live.type));
    const isAskable = unique.usual && columns.length === unique.columns.length;
    return isAskable && !isKnown ? [{ unique, columns, byKey }] : [];
  });
}

async function ask(
  db: Queryable,
  {
    target,
    records,
    question: { columns },
  }: {
    readonly target: PromotionTarget;
    readonly records: string;
    readonly question: Question;
  },
  rows: readonly Staged[],
): Promise<readonly Answer[]> {
  // A column that is not given gets a default, of which nothing is known.
  const able = rows.filter(({ candidate }) =>
    columns.every((column) => candidate.group.columns.includes(column)),
  );
  if (able.length === 0) return [];
  const stages = columns.map(({ stage }) => stage);
  const test = columns.map(({ sqlName, stage }) => `t.${sqlName} = s.${stage}`).join(" AND ");
  const given = stages.map((stage) => `${stage} IS NOT NULL`).join(" AND ");
  const { rows: answers } = await db.query<Answer>(
    `SELECT s.n, s.first, x.row_key IS NOT NULL AS "isThere", h.collection, h.document_id AS id
    FROM (SELECT *, pg_catalog.count(*) OVER same AS alike, pg_catalog.min(n) OVER same AS first FROM ${target.stage}
      WHERE n = ANY ($2::pg_catalog.int4[]) AND ${given} WINDOW same AS (PARTITION BY ${stages.join(", ")})) s
    LEFT JOIN LATERAL (SELECT ${rowKeySql(target, "t")} AS row_key FROM ${target.live.place} t WHERE ${test} LIMIT 1) x ON true
    LEFT JOIN LATERAL (SELECT * FROM ${records} h WHERE h.table_name = ANY ($1::pg_catalog.text[]) AND h.row_key = x.row_key LIMIT 1) h ON true
    WHERE s.alike > 1 OR x.row_key IS NOT NULL`,
    [target.recordNames, able.map(({ n }) => n)],
  );
  return answers;
}
