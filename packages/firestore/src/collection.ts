import type { FirestoreTimestamp } from "@ctb-data/models";
import type { BulkOptions, BulkSummary, BulkWrite } from "./bulk.ts";
import type { AnyShape, DocumentChanges, DocumentInput, DocumentShape } from "./document-shape.ts";
import type { GetOptions, ListenOptions, Query, ReadableQuery } from "./query.ts";
import type { ReadingOptions, StoredDocument } from "./stored-document.ts";
import type { WriteCondition } from "./write-condition.ts";

/** The server's answer to a write. */
export interface WriteTime {
  readonly writeTime: FirestoreTimestamp;
}

/** What a write of a row may say. */
export interface SaveOptions {
  /** Values of the document's own fields, which no column has. */
  readonly ownFields?: object;
  /** Makes the document be nothing but the row; otherwise fields that no column has stay. */
  readonly replace?: boolean;
}

/** One document, there or not, as one can read it. */
export interface ReadableDocument<Shape extends DocumentShape> {
  readonly id: string;
  /** Relative to the database: `clients/42`. */
  readonly path: string;
  /** Undefined when it is not there. @throws {FirestoreError} INVALID_DOCUMENT, … */
  get(options?: GetOptions): Promise<StoredDocument<Shape> | undefined>;
  /** The documents under it, by the registry's collection of that name. @throws {FirestoreError} UNKNOWN_COLLECTION */
  collection(name: string, options?: ReadingOptions): ReadableCollection<AnyShape>;
}

/** The writes of one document. `Done` is what they answer. */
export interface DocumentWrites<Shape extends DocumentShape, Done> {
  /** @throws {FirestoreError} DOCUMENT_EXISTS, INVALID_VALUE */
  create(data: DocumentInput<Shape["data"]>): Done;
  /** Writes the whole document; what it had before is gone. @throws {FirestoreError} INVALID_VALUE */
  set(data: DocumentInput<Shape["data"]>): Done;
  /** Writes some fields of a document that is there. @throws {FirestoreError} DOCUMENT_NOT_FOUND, PRECONDITION_FAILED, INVALID_VALUE */
  update(changes: DocumentChanges<Shape["data"]>, condition?: WriteCondition): Done;
  /** Writes some fields, also of a document that is not there yet. @throws {FirestoreError} INVALID_VALUE */
  merge(changes: DocumentChanges<Shape["data"]>): Done;
  /** The documents under it stay. @throws {FirestoreError} PRECONDITION_FAILED, DOCUMENT_NOT_FOUND with `exists` */
  delete(condition?: WriteCondition & { readonly exists?: boolean }): Done;
}

/** One document, there or not. */
export interface DocumentRef<Shape extends DocumentShape>
  extends ReadableDocument<Shape>, DocumentWrites<Shape, Promise<WriteTime>> {
  collection(name: string, options?: ReadingOptions): Collection<AnyShape>;
  /** The names of the collections under it. */
  collections(options?: GetOptions): Promise<readonly string[]>;
  /** Calls `listener` now and whenever it changes; with undefined while it is not there. Returns a function that stops it. */
  listen(
    listener: (document: StoredDocument<Shape> | undefined) => void,
    options: ListenOptions,
  ): () => void;
  /** The same as a loop. A slow one gets the newest state only. */
  states(options?: {
    readonly signal?: AbortSignal;
  }): AsyncIterable<StoredDocument<Shape> | undefined>;
}

/** One document inside of a transaction: writes are sent at its end, all together. */
export interface TransactionDocument<Shape extends DocumentShape>
  extends ReadableDocument<Shape>, DocumentWrites<Shape, void> {
  collection(name: string, options?: ReadingOptions): TransactionCollection<AnyShape>;
}

/** What every collection has. `Document` is what it calls one of its documents. */
export interface CollectionMethods<Shape extends DocumentShape, Document> {
  /** The collection's id. */
  readonly id: string;
  /** Relative to the database. */
  readonly path: string;
  /** @throws {FirestoreError} INVALID_QUERY for what cannot be an id */
  doc(id: string): Document;
  /** Several documents in one request, in the order of the ids; undefined for each that is not there. */
  getAll(
    ids: readonly string[],
    options?: GetOptions,
  ): Promise<readonly (StoredDocument<Shape> | undefined)[]>;
}

/** The documents of one collection, as one can read them. */
export interface ReadableCollection<Shape extends DocumentShape>
  extends ReadableQuery<Shape>, CollectionMethods<Shape, ReadableDocument<Shape>> {}

/** The documents of one collection. */
export interface Collection<Shape extends DocumentShape>
  extends Query<Shape>, CollectionMethods<Shape, DocumentRef<Shape>> {
  /**
   * Creates a document with a new id.
   *
   * @throws {FirestoreError} INVALID_VALUE, UNSUPPORTED where ids are numbers that PostgreSQL gives
   */
  add(data: DocumentInput<Shape["data"]>): Promise<DocumentRef<Shape>>;
  /** Writes a row as its document, encrypted columns encrypted. @throws {FirestoreError} INVALID_VALUE, NO_KEYRING */
  save(row: Shape["row"], options?: SaveOptions): Promise<WriteTime>;
  /**
   * Writes many documents, no faster than Firestore wants it, and takes no more of `writes` than it can send. One
   * that fails does not stop the others. Two of one document are done in their order.
   *
   * @throws {FirestoreError} CANCELLED. What the source throws is thrown as it is.
   */
  bulkWrite(
    writes: Iterable<BulkWrite<Shape>> | AsyncIterable<BulkWrite<Shape>>,
    options?: BulkOptions,
  ): Promise<BulkSummary>;
}

/** The documents of one collection inside of a transaction. */
export interface TransactionCollection<Shape extends DocumentShape>
  extends ReadableQuery<Shape>, CollectionMethods<Shape, TransactionDocument<Shape>> {
  add(data: DocumentInput<Shape["data"]>): TransactionDocument<Shape>;
  save(row: Shape["row"], options?: SaveOptions): void;
}
