import type { FieldFailure } from "../failure.ts";
import { textOf, type Candidate } from "./candidate.ts";
import type { LiveForeignKey } from "./live-target.ts";
import type { PromotionTarget, TargetColumn } from "./promotion-target.ts";
import { rowKeyParts } from "./row-key.ts";
import type { Staged } from "./staging.ts";
import type { RowRecord, Standing } from "./standing.ts";

/** What is to be done with one staged document. */
export type Decision =
  | {
      readonly kind: "insert";
      /** It has a record, of a row that is gone. */
      readonly recorded: boolean;
    }
  | {
      readonly kind: "write";
      readonly how: "updated" | "adopted";
      readonly rowKey: string;
      /** The record of the row: its own, or that of the document which loses it. */
      readonly record: Pick<RowRecord, "columns" | "adopted"> | undefined;
      readonly loser: RowRecord | undefined;
    }
  | { readonly kind: "unchanged"; readonly rowKey: string }
  | { readonly kind: "superseded" }
  | { readonly kind: "refused"; readonly failures: readonly FieldFailure[] }
  /** It may be possible when others have been written; otherwise these are the reasons. */
  | {
      readonly kind: "again";
      readonly waiting: boolean;
      readonly failures: readonly FieldFailure[];
    };

/** Decides about one document by what is known of it. */
export function decide(
  target: PromotionTarget,
  { candidate }: Staged,
  standing: Standing | undefined,
): Decision {
  if (standing === undefined) return { kind: "insert", recorded: false };
  const { own, missing } = standing;
  if (own !== undefined && !target.recordNames.includes(own.table))
    return { kind: "refused", failures: [elsewhere(target, own.table)] };
  if (own?.same === true) return { kind: "unchanged", rowKey: own.rowKey };
  if (own?.older === true) return { kind: "superseded" };
  const lacks = missing.filter((key) => !refersToItself(target, candidate, key));
  if (lacks.length > 0)
    return { kind: "again", waiting: true, failures: lacks.map((key) => missingRow(key)) };
  return own?.there === true
    ? change(target, candidate, { ...standing, own })
    : claim(target, candidate, standing);
}

/** A document that has a row. */
function change(
  target: PromotionTarget,
  candidate: Candidate,
  { own, holder }: Standing & { readonly own: NonNullable<Standing["own"]> },
): Decision {
  const parts = rowKeyParts(own.rowKey, target.primaryKey.length);
  const fixed = target.primaryKey.findIndex(
    (column, index) =>
      column.live.identityAlways && changes(textOf(candidate, column), parts[index]),
  );
  const column = target.primaryKey[fixed];
  if (column !== undefined)
    return {
      kind: "refused",
      failures: [
        {
          field: column.name,
          code: "refused",
          message: `The value of ${column.name} cannot change: PostgreSQL always generates it.`,
        },
      ],
    };
  if (holder !== undefined && holder.rowKey !== own.rowKey)
    return { kind: "again", waiting: false, failures: [duplicate(target, holder.record)] };
  return { kind: "write", how: "updated", rowKey: own.rowKey, record: own, loser: undefined };
}

const changes = (text: string | null | undefined, recorded: string | undefined): boolean =>
  text !== undefined && text !== recorded;

/** A document that has none: it gets a new one, one that is nobody's, or that of a document with a larger id. */
function claim(
  target: PromotionTarget,
  { document }: Candidate,
  { holder, own }: Standing,
): Decision {
  if (holder === undefined) return { kind: "insert", recorded: own !== undefined };
  const { rowKey, record } = holder;
  if (record === undefined)
    return { kind: "write", how: "adopted", rowKey, record: undefined, loser: undefined };
  const mine = record.collection === target.collection && record.id === document.id;
  if (!mine && !isBefore({ collection: target.collection, id: document.id }, record))
    return { kind: "again", waiting: false, failures: [duplicate(target, record)] };
  return { kind: "write", how: "updated", rowKey, record, loser: mine ? undefined : record };
}

/** By the UTF-8 bytes of the ids; of two collections that promote into one table by those of their names, then. */
function isBefore(
  a: Pick<RowRecord, "collection" | "id">,
  b: Pick<RowRecord, "collection" | "id">,
): boolean {
  const byId = compareBytes(a.id, b.id);
  return byId < 0 || (byId === 0 && compareBytes(a.collection, b.collection) < 0);
}

export const compareBytes = (a: string, b: string): number =>
  Buffer.compare(Buffer.from(a, "utf8"), Buffer.from(b, "utf8"));

function refersToItself(
  target: PromotionTarget,
  candidate: Candidate,
  key: LiveForeignKey,
): boolean {
  if (key.referencedOid !== target.live.oid) return false;
  return key.columns.every((name, index) => {
    const from = target.columns.get(name);
    const to = target.columns.get(key.referencedColumns[index] ?? "");
    const text = from && textOf(candidate, from);
    return to !== undefined && text !== undefined && text === textOf(candidate, to);
  });
}

/** Another document, or a row that is no document's, has the key, or what else only one row may have. */
export function duplicate(
  target: PromotionTarget,
  record: Pick<RowRecord, "collection" | "id"> | undefined,
  columns: readonly TargetColumn[] = target.upsertKey?.columns ?? [],
): FieldFailure {
  // As the registry's documents name them.
  const names = columns.map(({ name }) => target.table.columns.get(name)?.blindIndexOf ?? name);
  const whose =
    record === undefined
      ? `A row of ${target.table.name} that is no document's`
      : `The document ${record.collection}/${record.id}`;
  return {
    field: names.length === 1 ? (names[0] ?? "") : "",
    code: "duplicate_key",
    message: `${whose} has the same ${names.join(", ")}.`,
  };
}

function missingRow({ columns, table, referencedColumns }: LiveForeignKey): FieldFailure {
  return {
    field: columns.length === 1 ? (columns[0] ?? "") : "",
    code: "missing_reference",
    message: `There is no row of ${table} with the ${referencedColumns.join(", ")} that ${columns.join(", ")} ${columns.length === 1 ? "has" : "have"}.`,
  };
}

function elsewhere(target: PromotionTarget, table: string): FieldFailure {
  return {
    field: "",
    code: "refused",
    message: `This document was promoted into ${table} before, and is not moved to ${target.live.place}.`,
  };
}
