import type { Query as SdkQuery, QueryDocumentSnapshot, Timestamp } from "firebase-admin/firestore";
import type { CollectionSchema } from "./collection-schema.ts";
import { Findings } from "./findings.ts";
import type { FirestoreContext } from "./firestore-context.ts";
import { FirestoreError } from "./firestore-error.ts";
import { askTime } from "./health.ts";
import { cancelled } from "./limits.ts";
import { narrowIntegers } from "./read-values.ts";
import { TimedReader } from "./reader.ts";
import type {
  CollectionReport,
  UnknownCollection,
  ValidateOptions,
  ValidationReport,
} from "./validation.ts";

interface Validated {
  readonly context: FirestoreContext;
}

/** So many documents of a sample are asked for the collections under them. */
const probedDocuments = 20;

/** Reads the documents of collections at one moment and reports those that do not fit their model. */
export async function validateDocuments(
  { context }: Validated,
  options: ValidateOptions,
): Promise<ValidationReport> {
  checkOptions(options);
  const { collections: wanted, signal } = options;
  const schemas = (wanted ?? context.collectionIds).map((id) => context.schema(id));
  const readTime = await timeOf(context, options);
  const unknown = new Map<string, UnknownCollection>();
  if (wanted === undefined) {
    const roots = await context.run(async () => await context.client.listCollections(), { signal });
    for (const { id } of roots)
      if (!context.findSchema(id)) unknown.set(id, { path: id, example: undefined });
  }
  const collections: CollectionReport[] = [];
  for (const schema of schemas) {
    const walk = new CollectionWalk(context, schema, { options, readTime, unknown });
    collections.push(await walk.run());
  }
  const documents = sum(collections, (report) => report.documents);
  const invalid = sum(collections, (report) => report.invalid);
  const unknownCollections = [...unknown.values()];
  const ok = invalid === 0 && unknownCollections.length === 0;
  return { ok, readTime, documents, invalid, collections, unknownCollections };
}

const sum = <T>(list: readonly T[], count: (item: T) => number): number =>
  list.reduce((total, item) => total + count(item), 0);

function checkOptions({ sample = 1, examples = 1, pageSize = 1 }: ValidateOptions): void {
  for (const [name, value, least] of [
    ["sample", sample, 1],
    ["examples", examples, 0],
    ["pageSize", pageSize, 1],
  ] as const) {
    if (Number.isSafeInteger(value) && value >= least) continue;
    throw new FirestoreError(
      "INVALID_OPTIONS",
      `${name} must be a whole number from ${least} on, not ${String(value)}.`,
    );
  }
}

async function timeOf(
  context: FirestoreContext,
  { readTime, signal }: ValidateOptions,
): Promise<Timestamp> {
  if (readTime === undefined) return await askTime(context, { signal });
  const { Timestamp: Time } = context.sdk;
  return context.build(
    () =>
      readTime instanceof Date
        ? Time.fromDate(readTime)
        : new Time(readTime.seconds, readTime.nanoseconds),
    { refused: "INVALID_OPTIONS" },
  );
}

interface WalkOptions {
  readonly options: ValidateOptions;
  readonly readTime: Timestamp;
  readonly unknown: Map<string, UnknownCollection>;
}

/** Looks at the documents of one collection, wherever it is. */
class CollectionWalk {
  readonly #context: FirestoreContext;
  readonly #schema: CollectionSchema;
  readonly #options: ValidateOptions;
  readonly #reader: TimedReader;
  readonly #unknown: Map<string, UnknownCollection>;
  readonly #findings: Findings;
  /** Of a sample: its parts may overlap. */
  readonly #seen = new Set<string>();
  #documents = 0;
  #invalid = 0;

  constructor(
    context: FirestoreContext,
    schema: CollectionSchema,
    { options, readTime, unknown }: WalkOptions,
  ) {
    this.#context = context;
    this.#schema = schema;
    this.#options = options;
    this.#reader = new TimedReader(context, readTime);
    this.#unknown = unknown;
    this.#findings = new Findings(schema, options.examples ?? 5);
  }

  async run(): Promise<CollectionReport> {
    const { id, table } = this.#schema;
    const { sample } = this.#options;
    const complete = sample === undefined ? await this.#all() : await this.#some(sample);
    return {
      collection: id,
      table: table?.name,
      documents: this.#documents,
      invalid: this.#invalid,
      complete,
      findings: this.#findings.list(),
    };
  }

  get #group(): SdkQuery {
    const { FieldPath } = this.#context.sdk;
    return this.#context.client.collectionGroup(this.#schema.id).orderBy(FieldPath.documentId());
  }

  async #all(): Promise<true> {
    await this.#walk(this.#group, Infinity);
    return true;
  }

  /** Some from the beginning, and some from a random id on: ids of numbers lie at the beginning, those of the SDK anywhere. */
  async #some(sample: number): Promise<boolean> {
    const first = Math.ceil(sample / 2);
    const taken = await this.#walk(this.#group, first);
    if (taken < first) return true;
    const random = this.#context.client.collection(this.#schema.id).doc();
    await this.#walk(this.#group.startAt(random), sample - first);
    if (this.#documents < sample) await this.#walk(this.#group, sample);
    // One more tells whether there is more.
    const { docs } = await this.#page(this.#group, sample + 1);
    return docs.length <= this.#documents;
  }

  /** Gives how many there were. */
  async #walk(query: SdkQuery, limit: number): Promise<number> {
    const { pageSize = 500, signal, onProgress, sample } = this.#options;
    let taken = 0;
    let last: QueryDocumentSnapshot | undefined;
    for (;;) {
      if (signal?.aborted === true) throw cancelled(signal, { collection: this.#schema.id });
      const size = Math.min(pageSize, limit - taken);
      if (size === 0) return taken;
      const { docs } = await this.#page(last === undefined ? query : query.startAfter(last), size);
      for (const snapshot of docs) this.#look(snapshot);
      if (sample !== undefined) await this.#probe(docs);
      taken += docs.length;
      last = docs.at(-1);
      onProgress?.({
        collection: this.#schema.id,
        documents: this.#documents,
        invalid: this.#invalid,
      });
      if (docs.length < size) return taken;
    }
  }

  async #page(
    query: SdkQuery,
    size: number,
  ): Promise<{ readonly docs: readonly QueryDocumentSnapshot[] }> {
    const { signal } = this.#options;
    return await this.#reader.query(query.limit(size), { signal }, { collection: this.#schema.id });
  }

  #look(snapshot: QueryDocumentSnapshot): void {
    const { sample } = this.#options;
    const { path } = snapshot.ref;
    if (sample !== undefined) {
      if (this.#seen.has(path) || this.#seen.size >= sample) return;
      this.#seen.add(path);
    }
    const data = snapshot.data();
    narrowIntegers(data);
    this.#documents += 1;
    const { issues } = this.#schema.read(snapshot.id, data);
    if (issues.length === 0) return;
    this.#invalid += 1;
    this.#findings.add(path, issues);
  }

  /** Asks some documents of a sample what is under them: one request each. */
  async #probe(docs: readonly QueryDocumentSnapshot[]): Promise<void> {
    const { signal } = this.#options;
    for (const { ref } of docs.slice(0, probedDocuments)) {
      const under = await this.#context.run(async () => await ref.listCollections(), { signal });
      for (const { id } of under) {
        const path = `${this.#schema.id}/*/${id}`;
        if (!this.#context.findSchema(id) && !this.#unknown.has(path))
          this.#unknown.set(path, { path, example: ref.path });
      }
    }
  }
}
