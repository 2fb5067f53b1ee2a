import { encoderOf } from "@ctb-data/models";
import type { Transaction } from "@ctb-data/postgres";
import { quoteIdentifier } from "@ctb-data/postgres";
import type { RowReference } from "../documents/intake-document.ts";
import type { FieldFailure } from "../failure.ts";
import type { Candidate } from "./candidate.ts";
import type { LiveTarget } from "./live-target.ts";
import { readLiveTarget } from "./live-target.ts";
import type { PromotionTarget } from "./promotion-target.ts";
import { keyPartSql } from "./row-key.ts";

/** A candidate of which something is not there. */
export interface Waiting {
  readonly candidate: Candidate;
  readonly failures: readonly FieldFailure[];
}

/** Turns the references of documents into values of keys. What tables are like is read once. */
export class ReferenceResolver {
  readonly #target: PromotionTarget;
  readonly #tables = new Map<string, LiveTarget | undefined>();

  constructor(target: PromotionTarget) {
    this.#target = target;
  }

  /** Resolves what is not resolved yet, and gives the candidates of which something is missing. @throws {PostgresError} */
  async resolve(
    tx: Transaction,
    records: string,
    candidates: readonly Candidate[],
  ): Promise<readonly Waiting[]> {
    const open = candidates.flatMap((candidate) =>
      candidate.document.references
        .filter(({ column }) => !candidate.resolved.has(column))
        .map((reference) => ({ candidate, reference })),
    );
    const found = new Map<string, string>();
    for (const [signature, list] of groupBy(open, ({ reference }) => signatureOf(reference))) {
      const [first] = list;
      if (first === undefined) continue;
      const wanted = new Map(list.map(({ reference }) => [keyOf(reference), reference]));
      for (const [key, text] of await this.#look(tx, records, [...wanted.values()]))
        found.set(`${signature}\0${key}`, text);
    }
    const failures = new Map<Candidate, FieldFailure[]>();
    for (const { candidate, reference } of open) {
      const text = found.get(`${signatureOf(reference)}\0${keyOf(reference)}`);
      if (text === undefined)
        failures.set(candidate, [...(failures.get(candidate) ?? []), notThere(reference)]);
      else candidate.resolved.set(reference.column, text);
    }
    return [...failures].map(([candidate, list]) => ({ candidate, failures: list }));
  }

  /** What each reference leads to, by {@link keyOf}; all are of one {@link signatureOf}. */
  async #look(
    tx: Transaction,
    records: string,
    references: readonly RowReference[],
  ): Promise<ReadonlyMap<string, string>> {
    const [first] = references;
    const live = first && (await this.#table(tx, first.table));
    if (first === undefined || live === undefined) return new Map();
    return first.by.kind === "document"
      ? await this.#byDocument(tx, { records, live, references })
      : await this.#byLookup(tx, live, references);
  }

  async #byDocument(
    tx: Transaction,
    {
      records,
      live,
      references,
    }: {
      readonly records: string;
      readonly live: LiveTarget;
      readonly references: readonly RowReference[];
    },
  ): Promise<ReadonlyMap<string, string>> {
    const documents = references.flatMap(({ by }) => (by.kind === "document" ? [by] : []));
    const target = quoteIdentifier(references[0]?.target ?? "");
    const key = live.uniques[0]?.columns ?? [];
    const part = keyPartSql("p.row_key", key.length);
    const test = key.map(
      (name, i) =>
        `t.${quoteIdentifier(name)} = ${part(i)}::${live.columns.get(name)?.type ?? "pg_catalog.text"}`,
    );
    const { rows } = await tx.query<{ readonly o: number; readonly text: string }>(
      `SELECT u.o::pg_catalog.int4 AS o, t.${target}::pg_catalog.text AS text
      FROM unnest($1::pg_catalog.text[], $2::pg_catalog.text[]) WITH ORDINALITY AS u (c, i, o)
      CROSS JOIN LATERAL (SELECT p.row_key FROM ${records} p WHERE p.collection = u.c AND p.document_id = u.i AND p.table_name = ANY ($3::pg_catalog.text[]) LIMIT 1) p
      CROSS JOIN LATERAL (SELECT t.${target} FROM ${live.place} t WHERE ${test.join(" AND ")} LIMIT 1) t
      WHERE t.${target} IS NOT NULL`,
      [
        documents.map(({ collection }) => collection),
        documents.map(({ id }) => id),
        this.#recordNames(live, references[0]?.table ?? ""),
      ],
    );
    return new Map(rows.map(({ o, text }) => [keyAt(references, o - 1), text]));
  }

  async #byLookup(
    tx: Transaction,
    live: LiveTarget,
    references: readonly RowReference[],
  ): Promise<ReadonlyMap<string, string>> {
    const looks = references.flatMap((reference) => this.#valuesOf(reference));
    const column = looks[0]?.column ?? "";
    const type = live.columns.get(column)?.type;
    if (type === undefined) return new Map();
    const target = quoteIdentifier(references[0]?.target ?? "");
    const { rows } = await tx.query<{ readonly o: number; readonly text: string }>(
      `SELECT u.o, t.${target}::pg_catalog.text AS text FROM unnest($1::pg_catalog.int4[], $2::pg_catalog.text[]) AS u (o, v)
      CROSS JOIN LATERAL (SELECT t.${target} FROM ${live.place} t WHERE t.${quoteIdentifier(column)} = u.v::${type} LIMIT 1) t
      WHERE t.${target} IS NOT NULL`,
      [
        looks.flatMap(({ values }, o) => values.map(() => o)),
        looks.flatMap(({ values }) => values),
      ],
    );
    return new Map(rows.map(({ o, text }) => [keyAt(references, o), text]));
  }

  /** What is looked for in which column: of an encrypted one its blind indexes, one for each key of the ring. */
  #valuesOf(
    reference: RowReference,
  ): readonly { readonly column: string; readonly values: readonly string[] }[] {
    const { by } = reference;
    if (by.kind !== "lookup") return [];
    const column = this.#target.registry.tables.get(reference.table)?.columns.get(by.column);
    if (column === undefined) return [{ column: by.column, values: [] }];
    if (column.encryption === undefined)
      return [{ column: by.column, values: [encoderOf(column.type)(by.value)] }];
    const model = this.#target.modelOf(reference.table);
    return model === undefined
      ? [{ column: by.column, values: [] }]
      : [model.lookup(by.column, by.value)];
  }

  #recordNames(live: LiveTarget, table: string): readonly string[] {
    return table === this.#target.table.name ? this.#target.recordNames : [live.place];
  }

  async #table(tx: Transaction, table: string): Promise<LiveTarget | undefined> {
    if (table === this.#target.table.name) return this.#target.live;
    if (!this.#tables.has(table))
      this.#tables.set(
        table,
        await readLiveTarget(tx, { schema: this.#target.registry.schema, table }),
      );
    return this.#tables.get(table);
  }
}

const signatureOf = ({ table, target, by }: RowReference): string =>
  JSON.stringify([table, target, by.kind, by.kind === "lookup" ? by.column : ""]);

function keyOf({ by }: RowReference): string {
  if (by.kind === "document") return JSON.stringify([by.collection, by.id]);
  return typeof by.value === "bigint" ? String(by.value) : JSON.stringify(by.value);
}

function keyAt(references: readonly RowReference[], index: number): string {
  const reference = references[index];
  return reference === undefined ? "" : keyOf(reference);
}

function notThere({ column, table, by }: RowReference): FieldFailure {
  const what =
    by.kind === "document"
      ? `The document ${by.collection}/${by.id}, to which ${column} refers, has no row of ${table}`
      : `There is no row of ${table} with the ${by.column} that ${column} has`;
  return { field: column, code: "missing_reference", message: `${what}.` };
}

/** In the order in which the keys first come. */
export function groupBy<T>(
  items: readonly T[],
  keyOfItem: (item: T) => string,
): ReadonlyMap<string, readonly T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const key = keyOfItem(item);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [item]);
    else group.push(item);
  }
  return groups;
}
