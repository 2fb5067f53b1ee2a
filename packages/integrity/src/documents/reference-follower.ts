import type { RawSnapshot } from "@ctb-data/firestore";
import { valueToText } from "@ctb-data/models";
import type { Queryable } from "@ctb-data/postgres";
import type { Table } from "@ctb-data/registry";
import type { ScannedDocument } from "./document-case.ts";
import { idFaultOf } from "./document-id.ts";
import { danglingDocument, type DocumentProblem } from "./document-subject.ts";
import { namedDocuments, type NamedDocument } from "./named-documents.ts";
import { presentDocuments } from "./present-documents.ts";
import type { ReferencePlan } from "./reference-plan.ts";

/** Keys that were found are remembered, so many of each reference: most documents refer to few. */
const mostKnown = 20_000;

interface Use {
  readonly document: ScannedDocument;
  readonly key: readonly string[];
}

/** What is found for a document, by its path. */
export type FoundProblems = Map<string, DocumentProblem[]>;

/** Looks whether what documents refer to is there, many documents at once. */
export class ReferenceFollower {
  readonly #table: Table | undefined;
  readonly #collection: string;
  readonly #plans: readonly ReferencePlan[];
  readonly #snapshot: RawSnapshot;
  readonly #known = new Map<string, Set<string>>();

  constructor(options: {
    readonly collection: string;
    readonly table: Table | undefined;
    readonly plans: readonly ReferencePlan[];
    readonly snapshot: RawSnapshot;
  }) {
    this.#collection = options.collection;
    this.#table = options.table;
    this.#plans = options.plans;
    this.#snapshot = options.snapshot;
  }

  /**
   * What of some documents leads nowhere: the row is there neither at the rows' moment nor now, and its document is not there.
   *
   * @param stores.rows what is asked for rows, one after the other.
   * @throws {FirestoreError} @throws {PostgresError}
   */
  async follow(
    documents: readonly ScannedDocument[],
    stores: { readonly rows: readonly Queryable[]; readonly database: string },
    signal: AbortSignal | undefined,
  ): Promise<FoundProblems> {
    const found: FoundProblems = new Map();
    for (const plan of this.#plans)
      await this.#followKeys(plan, documents, { ...stores, found, signal });
    await this.#followNames(documents, { ...stores, found, signal });
    return found;
  }

  async #followKeys(
    plan: ReferencePlan,
    documents: readonly ScannedDocument[],
    at: Following,
  ): Promise<void> {
    const known = this.#knownOf(plan.subject.id);
    const uses = documents.flatMap((document) => {
      const key = this.#keyOf(plan, document);
      return key === undefined || known.has(JSON.stringify(key)) ? [] : [{ document, key }];
    });
    const missing = await this.#missing(plan, distinct(uses), at);
    for (const { document, key } of uses) {
      const name = JSON.stringify(key);
      if (!missing.has(name)) {
        if (known.size < mostKnown) known.add(name);
        continue;
      }
      const places = plan.fields.map((field) => [field]);
      add(at.found, document.path, {
        subject: plan.subject,
        places,
        values: this.#shown(plan, key),
      });
    }
  }

  #shown(plan: ReferencePlan, key: readonly string[]): DocumentProblem["values"] {
    const isHidden = plan.columns.some(
      (name) => this.#table?.columns.get(name)?.classification !== undefined,
    );
    if (isHidden) return undefined;
    return Object.fromEntries(plan.fields.map((field, index) => [field, key[index] ?? null]));
  }

  /** The texts of the key in a document; undefined where a part of it is missing, or is none. */
  #keyOf(
    { columns, fields }: ReferencePlan,
    document: ScannedDocument,
  ): readonly string[] | undefined {
    const texts = columns.map((name, index) => {
      const type = this.#table?.columns.get(name)?.type;
      const value = document.value?.[name] ?? undefined;
      return value === undefined || type === undefined
        ? plainKey(document.data[fields[index] ?? ""])
        : valueToText(type, value);
    });
    return texts.includes(undefined) ? undefined : texts.flatMap((text) => text ?? []);
  }

  async #missing(
    plan: ReferencePlan,
    keys: ReadonlyMap<string, readonly string[]>,
    at: Following,
  ): Promise<ReadonlySet<string>> {
    const missing = new Map(keys);
    if (plan.rows !== undefined)
      for (const rows of at.rows)
        await removePresent(plan.rows, missing, { rows, signal: at.signal });
    const { collection } = plan;
    if (collection === undefined || missing.size === 0) return new Set(missing.keys());
    const paths = [...missing].flatMap(([name, [id = ""]]) =>
      idFaultOf(id) === undefined ? [[name, `${collection}/${id}`] as const] : [],
    );
    const there = await presentDocuments(
      this.#snapshot,
      paths.map(([, path]) => path),
      at.signal,
    );
    for (const [name, path] of paths) if (there.has(path)) missing.delete(name);
    return new Set(missing.keys());
  }

  /** Follows the values that are references. */
  async #followNames(documents: readonly ScannedDocument[], at: Following): Promise<void> {
    const known = this.#knownOf("names");
    const uses = documents.flatMap((document) =>
      namedDocuments(document.line, at.database)
        .filter(({ path }) => !known.has(path))
        .map((named) => ({ document, named })),
    );
    if (uses.length === 0) return;
    const paths = [...new Set(uses.map(({ named }) => named.path))];
    const there = await presentDocuments(this.#snapshot, paths, at.signal);
    for (const { document, named } of uses) {
      if (!there.has(named.path)) add(at.found, document.path, this.#dangling(named));
      else if (known.size < mostKnown) known.add(named.path);
    }
  }

  #dangling({ path, place }: NamedDocument): DocumentProblem {
    const [field = ""] = place;
    const column = this.#table?.firestore?.fields.get(String(field))?.column;
    const isHidden =
      column !== undefined && this.#table?.columns.get(column)?.classification !== undefined;
    const subject = danglingDocument({
      collection: this.#collection,
      table: this.#table?.name,
      fields: [String(field)],
      columns: column === undefined ? undefined : [column],
      leadsTo: "document",
      to: {},
    });
    return { subject, places: [place], ...(!isHidden && { values: { [String(field)]: path } }) };
  }

  #knownOf(name: string): Set<string> {
    const known = this.#known.get(name) ?? new Set<string>();
    this.#known.set(name, known);
    return known;
  }
}

interface Following {
  readonly rows: readonly Queryable[];
  readonly database: string;
  readonly found: FoundProblems;
  readonly signal: AbortSignal | undefined;
}

function add(found: FoundProblems, path: string, problem: DocumentProblem): void {
  const problems = found.get(path);
  if (problems === undefined) found.set(path, [problem]);
  // Several items of one list are one fault of one document, with several places.
  else problems.push(problem);
}

function distinct(uses: readonly Use[]): ReadonlyMap<string, readonly string[]> {
  return new Map(uses.map(({ key }) => [JSON.stringify(key), key]));
}

/** The key of a document that does not fit its model as a whole. */
function plainKey(value: unknown): string | undefined {
  if (typeof value === "string") return value;
  return typeof value === "number" || typeof value === "bigint" ? String(value) : undefined;
}

async function removePresent(
  { sql, keys }: NonNullable<ReferencePlan["rows"]>,
  missing: Map<string, readonly string[]>,
  { rows: db, signal }: { readonly rows: Queryable; readonly signal: AbortSignal | undefined },
): Promise<void> {
  const asked = [...missing].filter(([, key]) =>
    key.every((text, index) => keys[index]?.fits(text) === true && !text.includes("\0")),
  );
  if (asked.length === 0) return;
  const params = keys.map((_, index) => asked.map(([, key]) => key[index] ?? ""));
  const { rows } = await db.query<{ readonly place: number }>(sql, params, signal && { signal });
  for (const { place } of rows) {
    const name = asked[place]?.[0];
    if (name !== undefined) missing.delete(name);
  }
}
