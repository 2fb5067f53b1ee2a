import { randomUUID } from "node:crypto";
import type { CollectionReference, DocumentReference, WriteResult } from "firebase-admin/firestore";
import { bulkWrite } from "./bulk-write.ts";
import type { BulkOptions, BulkSummary, BulkWrite } from "./bulk.ts";
import { CollectionBinding } from "./collection-binding.ts";
import type { SaveOptions, WriteTime } from "./collection.ts";
import type { AnyData, AnyShape } from "./document-shape.ts";
import { FirestoreError } from "./firestore-error.ts";
import { checkPath, idFault } from "./id-fault.ts";
import { documentStates, listenToDocument } from "./listen.ts";
import { ModelQuery } from "./model-query.ts";
import type { GetOptions, ListenOptions } from "./query.ts";
import type { Reader } from "./reader.ts";
import type { ReadingOptions, StoredDocument } from "./stored-document.ts";
import type { WriteCondition } from "./write-condition.ts";
import { WritePreparer, type PreparedWrite } from "./write.ts";

type Document = StoredDocument<AnyShape>;

/** Sends a write now, or keeps it for the end of a transaction. */
export type SendWrite<Done> = (prepare: () => PreparedWrite) => Done;

/** What collections and their documents need to read and write. */
export interface CollectionAccess<Done> {
  readonly reader: Reader;
  readonly send: SendWrite<Done>;
}

/** How many documents are asked for in one request. */
const batchSize = 500;

/** What is the same of a document inside of a transaction and outside of one. */
class AccessedDocument<Done> {
  readonly id: string;
  readonly path: string;
  protected readonly ref: DocumentReference;
  protected readonly binding: CollectionBinding;
  protected readonly access: CollectionAccess<Done>;
  readonly #writes: WritePreparer;

  constructor(ref: DocumentReference, binding: CollectionBinding, access: CollectionAccess<Done>) {
    this.id = ref.id;
    this.path = ref.path;
    this.ref = ref;
    this.binding = binding;
    this.access = access;
    this.#writes = new WritePreparer(binding);
  }

  async get(options: GetOptions = {}): Promise<Document | undefined> {
    const snapshot = await this.access.reader.document(this.ref, options, { path: this.path });
    return this.binding.document(snapshot);
  }

  create(data: AnyData): Done {
    return this.access.send(() => this.#writes.create(this.ref, data));
  }

  set(data: AnyData): Done {
    return this.access.send(() => this.#writes.set(this.ref, data));
  }

  update(changes: AnyData, condition?: WriteCondition): Done {
    return this.access.send(() => this.#writes.update(this.ref, changes, condition));
  }

  merge(changes: AnyData): Done {
    return this.access.send(() => this.#writes.merge(this.ref, changes));
  }

  delete(condition?: WriteCondition & { readonly exists?: boolean }): Done {
    return this.access.send(() => this.#writes.delete(this.ref, condition));
  }

  protected under(
    name: string,
    options: ReadingOptions,
  ): { readonly ref: CollectionReference; readonly binding: CollectionBinding } {
    checkPath(name);
    const { context, schema, reading } = this.binding;
    const binding = new CollectionBinding({
      context,
      // Under a document without a schema anything goes.
      schema: schema === undefined ? context.findSchema(name) : context.schema(name),
      reading: { ...reading, ...options },
    });
    return { ref: context.build(() => this.ref.collection(name), { path: this.path }), binding };
  }
}

/** A document outside of transactions. */
export class StoreDocument extends AccessedDocument<Promise<WriteTime>> {
  collection(name: string, options: ReadingOptions = {}): StoreCollection {
    const { ref, binding } = this.under(name, options);
    return new StoreCollection(ref, binding, this.access);
  }

  async collections(options: GetOptions = {}): Promise<readonly string[]> {
    const found = await this.binding.context.run(
      async () => await this.ref.listCollections(),
      options,
      { path: this.path },
    );
    return found.map(({ id }) => id);
  }

  listen(listener: (document: Document | undefined) => void, options: ListenOptions): () => void {
    this.#checkCurrent();
    return listenToDocument(this.binding, this.ref, { listener, ...options });
  }

  states(options: { readonly signal?: AbortSignal } = {}): AsyncIterable<Document | undefined> {
    this.#checkCurrent();
    return documentStates(this.binding, this.ref, options);
  }

  #checkCurrent(): void {
    if (this.access.reader.kind === "now") return;
    throw new FirestoreError("UNSUPPORTED", "Only what is there now can be listened to.", {
      path: this.path,
    });
  }
}

/** A document inside of a transaction. */
class TransactionalDocument extends AccessedDocument<void> {
  collection(name: string, options: ReadingOptions = {}): TransactionalCollection {
    const { ref, binding } = this.under(name, options);
    return new TransactionalCollection(ref, binding, this.access);
  }
}

/** What is the same of a collection inside of a transaction and outside of one. */
class AccessedCollection<Done> extends ModelQuery {
  readonly id: string;
  readonly path: string;
  protected readonly ref: CollectionReference;
  protected readonly binding: CollectionBinding;
  protected readonly access: CollectionAccess<Done>;
  protected readonly writes: WritePreparer;

  constructor(
    ref: CollectionReference,
    binding: CollectionBinding,
    access: CollectionAccess<Done>,
  ) {
    super({ binding, reader: access.reader, query: ref, ordered: [] });
    this.id = ref.id;
    this.path = ref.path;
    this.ref = ref;
    this.binding = binding;
    this.access = access;
    this.writes = new WritePreparer(binding);
  }

  async getAll(
    ids: readonly string[],
    options: GetOptions = {},
  ): Promise<readonly (Document | undefined)[]> {
    const refs = ids.map((id) => this.refOf(id));
    const found: (Document | undefined)[] = [];
    for (let start = 0; start < refs.length; start += batchSize) {
      const batch = refs.slice(start, start + batchSize);
      const snapshots = await this.access.reader.documents(batch, options, { path: this.path });
      found.push(...snapshots.map((snapshot) => this.binding.document(snapshot)));
    }
    return found;
  }

  protected readonly refOf = (id: string): DocumentReference => {
    const fault = idFault(id);
    if (fault === undefined)
      return this.binding.context.build(() => this.ref.doc(id), { path: this.path });
    throw new FirestoreError("INVALID_QUERY", `The id of a document of ${this.path} ${fault}.`, {
      collection: this.binding.schema?.id,
    });
  };

  /** A new id that fits the collection. */
  protected newRef(): DocumentReference {
    const kind = this.binding.schema?.idKind ?? "free";
    if (kind === "free") return this.ref.doc();
    if (kind === "uuid") return this.ref.doc(randomUUID());
    throw new FirestoreError(
      "UNSUPPORTED",
      `The documents of ${this.id} have the ids of rows, which cannot be made up.`,
      {
        collection: this.id,
        hint: "Write the row to PostgreSQL first, then save(row); or doc(id).create(data).",
      },
    );
  }
}

/** A collection outside of transactions. */
export class StoreCollection extends AccessedCollection<Promise<WriteTime>> {
  doc(id: string): StoreDocument {
    return new StoreDocument(this.refOf(id), this.binding, this.access);
  }

  async add(data: AnyData): Promise<StoreDocument> {
    const document = new StoreDocument(this.newRef(), this.binding, this.access);
    await document.create(data);
    return document;
  }

  async save(row: object, options: SaveOptions = {}): Promise<WriteTime> {
    return await this.access.send(() => this.writes.save(this.refOf, row, options));
  }

  async bulkWrite(
    writes: Iterable<BulkWrite<AnyShape>> | AsyncIterable<BulkWrite<AnyShape>>,
    options: BulkOptions = {},
  ): Promise<BulkSummary> {
    const { context } = this.binding;
    return await bulkWrite({ context, writes, options, prepare: this.#prepare });
  }

  readonly #prepare = (write: BulkWrite<AnyShape>): PreparedWrite => {
    switch (write.op) {
      case "create":
        return this.writes.create(this.refOf(write.id), write.data);
      case "set":
        return this.writes.set(this.refOf(write.id), write.data);
      case "update":
        return this.writes.update(this.refOf(write.id), write.changes, write);
      case "merge":
        return this.writes.merge(this.refOf(write.id), write.changes);
      case "delete":
        return this.writes.delete(this.refOf(write.id), write);
      case "save":
        return this.writes.save(this.refOf, write.row, write);
      default: {
        const { op }: { readonly op: unknown } = write;
        throw new FirestoreError("INVALID_VALUE", `There is no write called ${String(op)}.`);
      }
    }
  };
}

/** A collection inside of a transaction. */
export class TransactionalCollection extends AccessedCollection<void> {
  doc(id: string): TransactionalDocument {
    return new TransactionalDocument(this.refOf(id), this.binding, this.access);
  }

  add(data: AnyData): TransactionalDocument {
    const document = new TransactionalDocument(this.newRef(), this.binding, this.access);
    document.create(data);
    return document;
  }

  save(row: object, options: SaveOptions = {}): void {
    this.access.send(() => this.writes.save(this.refOf, row, options));
  }
}

/** The answer to one write that is sent by itself. */
export function writeTimeOf(results: readonly WriteResult[]): WriteTime {
  const [result] = results;
  if (result !== undefined) return { writeTime: result.writeTime };
  throw new FirestoreError("REQUEST_FAILED", "The server did not answer the write.");
}
