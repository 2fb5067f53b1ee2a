import type { RawAccess, RawBatch, RawSnapshot, RawWrite } from "@ctb-data/firestore";
import type { FieldFailure } from "../failure.ts";
import { failureFieldsOf } from "./failure-content.ts";
import { failureCollection, failureIdOf, failurePrefixOf } from "./failure-id.ts";
import { isObject, memberOf, textIn, type RawFields } from "./raw-fields.ts";

/** What BatchGetDocuments is asked for at once. */
const mostGot = 100;
/** An id of no more characters is not too long for its failures' id, whatever they are: three bytes at most each. */
const surelyShort = 300;
const surrogate = /[\uD800-\uDFFF]/;

/** What `validation_failed` says of a document. */
export interface KnownFailure {
  /** Of the document when it failed. Undefined when somebody else has written it. */
  readonly contentHash: string | undefined;
  readonly codes: readonly string[];
}

/** The failures of a document, to be written down. */
export interface FailedDocument {
  readonly id: string;
  readonly contentHash: string;
  /** At least one. No message holds a value of an encrypted column. */
  readonly failures: readonly FieldFailure[];
}

interface Signalled {
  readonly signal?: AbortSignal | undefined;
}

/** The documents of `validation_failed` that belong to one intake collection. */
export class FailureDocuments {
  readonly #raw: RawAccess;
  readonly #collection: string;
  readonly #prefix: string;

  /** @param collection the intake collection: a root collection. */
  constructor(raw: RawAccess, collection: string) {
    this.#raw = raw;
    this.#collection = collection;
    this.#prefix = `${failureCollection}/${failurePrefixOf(collection)}`;
  }

  /** Where the failures of a document are. */
  pathOf(id: string): string {
    if (this.#prefix.length + id.length < surelyShort) return this.#prefix + id;
    return `${failureCollection}/${failureIdOf(this.#collection, id)}`;
  }

  /**
   * What is known of these documents. Of neighbours only the failures that there are cost a read.
   *
   * @param ids in any order.
   * @throws {FirestoreError}
   */
  async read(ids: readonly string[], options: Signalled = {}): Promise<KnownFailures> {
    const snapshot = await this.#raw.snapshot({ signal: options.signal });
    return await this.readAt(snapshot, ids, options);
  }

  /** The same at a moment. @throws {FirestoreError} */
  async readAt(
    snapshot: RawSnapshot,
    ids: readonly string[],
    { signal }: Signalled = {},
  ): Promise<KnownFailures> {
    const near: string[] = [];
    const apart: string[] = [];
    for (const id of ids) (this.#isOrdered(id) ? near : apart).push(this.pathOf(id));
    const wanted = new Set([...near, ...apart]);
    const lines = new Map<string, RawFields>();
    const take = (batch: RawBatch): void => {
      for (const [path, line] of linesOf(batch))
        if (wanted.has(path)) lines.set(path, fieldsIn(line));
    };
    if (near.length > 0) {
      const span = { start: leastOf(near), end: `${greatestOf(near)}!` };
      for await (const batch of snapshot.read(span, { signal })) take(batch);
    }
    for (let from = 0; from < apart.length; from += mostGot)
      take(await snapshot.get(apart.slice(from, from + mostGot), { signal }));
    return new KnownFailures({
      database: this.#raw.database,
      collection: this.#collection,
      failures: this,
      seconds: snapshot.readTime.seconds,
      lines,
    });
  }

  /**
   * All failures of the collection, each with the id of its document: also of documents that are no more.
   *
   * @throws {FirestoreError}
   */
  async *all(
    snapshot: RawSnapshot,
    { signal }: Signalled = {},
  ): AsyncGenerator<{ readonly path: string; readonly id: string }, void> {
    const { database } = this.#raw;
    const spans = [
      { start: this.#prefix, end: `${this.#prefix.slice(0, -1)};` },
      // The hashed ones of all collections.
      { start: `${failureCollection}/#`, end: `${failureCollection}/$` },
    ];
    for (const span of spans) {
      for await (const batch of snapshot.read(span, { signal })) {
        for (const [path, line] of linesOf(batch)) {
          const id = documentOf(fieldsIn(line), `${database}/documents/${this.#collection}/`);
          if (id !== undefined && this.pathOf(id) === path) yield { path, id };
        }
      }
    }
  }

  /** Whether the failures of neighbours are neighbours. Firestore sorts ids of numbers (`__id7__`) by those, and before all others. */
  #isOrdered(id: string): boolean {
    return !id.startsWith("__id") && this.pathOf(id).startsWith(this.#prefix);
  }
}

interface KnownOptions {
  readonly database: string;
  readonly collection: string;
  readonly failures: FailureDocuments;
  /** When it was read, since 1970, by Firestore's clock. */
  readonly seconds: number;
  /** By the paths of the failures. */
  readonly lines: ReadonlyMap<string, RawFields>;
}

/** What `validation_failed` said of some documents, and what has to be written for it to be true. */
export class KnownFailures {
  readonly #options: KnownOptions;

  /** Use {@link FailureDocuments.read}. */
  constructor(options: KnownOptions) {
    this.#options = options;
  }

  /** What it says of a document; undefined when it has not failed. */
  of(id: string): KnownFailure | undefined {
    const fields = this.#fieldsOf(id);
    if (fields === undefined) return undefined;
    const items = memberOf(fields["failures"], "arrayValue", "values");
    const codes = (Array.isArray(items) ? items : []).flatMap((item: unknown) => {
      const code = textIn(memberOf(item, "mapValue", "fields", "code"));
      return code === undefined ? [] : [code];
    });
    return { contentHash: textIn(fields["content_hash"]), codes };
  }

  /** What says that a document has failed; undefined when that is said already. To be written before the document's mark. */
  failed(document: FailedDocument): RawWrite | undefined {
    const { collection, database, failures, seconds } = this.#options;
    const name = `${database}/documents/${collection}/${document.id}`;
    const fields = failureFieldsOf({ ...document, collection, document: name });
    const { failed_at: _, ...known } = this.#fieldsOf(document.id) ?? {};
    if (JSON.stringify(known) === JSON.stringify(fields)) return undefined;
    const failed_at = { timestampValue: new Date(seconds * 1000).toISOString() };
    const line = JSON.stringify({
      name: `${database}/documents/${failures.pathOf(document.id)}`,
      fields: { ...fields, failed_at },
    });
    return { op: "set", line };
  }

  /** What says that a document has not failed, or is no more; undefined when that is said already. To be written before the mark. */
  mended(id: string): RawWrite | undefined {
    if (this.#fieldsOf(id) === undefined) return undefined;
    return { op: "delete", path: this.#options.failures.pathOf(id) };
  }

  #fieldsOf(id: string): RawFields | undefined {
    if (this.#options.lines.size === 0) return undefined;
    return this.#options.lines.get(this.#options.failures.pathOf(id));
  }
}

function* linesOf({ bytes, lines }: RawBatch): Generator<readonly [path: string, line: Buffer]> {
  let start = 0;
  for (const { path, end } of lines) {
    yield [path, bytes.subarray(start, end)];
    start = end;
  }
}

function fieldsIn(line: Buffer): RawFields {
  const document: unknown = JSON.parse(line.toString("utf8"));
  const fields = memberOf(document, "fields");
  return isObject(fields) ? fields : {};
}

function documentOf(fields: RawFields, prefix: string): string | undefined {
  const name = memberOf(fields["document"], "referenceValue");
  if (typeof name !== "string" || !name.startsWith(prefix)) return undefined;
  const id = name.slice(prefix.length);
  return id.includes("/") ? undefined : id;
}

function leastOf(paths: readonly string[]): string {
  return paths.reduce((least, path) => (isBefore(path, least) ? path : least));
}

function greatestOf(paths: readonly string[]): string {
  return paths.reduce((greatest, path) => (isBefore(greatest, path) ? path : greatest));
}

/** By the bytes of UTF-8, as Firestore compares names. Only surrogates have another place among JavaScript's. */
function isBefore(one: string, other: string): boolean {
  if (!surrogate.test(one) && !surrogate.test(other)) return one < other;
  return Buffer.compare(Buffer.from(one), Buffer.from(other)) < 0;
}
