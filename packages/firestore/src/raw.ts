import type { FirestoreTimestamp } from "@ctb-data/models";
import type { WriteCondition } from "./write-condition.ts";

/** Documents of neighbouring names, from one up to another. Together the ranges of a snapshot hold every document once. */
export interface RawRange {
  /** The smallest name that could be in it, as a path. Undefined for the range that starts with the first document. */
  readonly start: string | undefined;
  /** The first name behind it, as a path. Undefined for the range that ends with the last document. */
  readonly end: string | undefined;
  /** Only documents of the collections of this id, wherever they are. Undefined for all documents. */
  readonly group?: string | undefined;
}

/** What is known of a line without reading it. */
export interface RawLine {
  /** Below the database: `clients/42`. */
  readonly path: string;
  /** Where the line ends in the bytes of its batch, behind its line feed. */
  readonly end: number;
  /** When the document was last changed, in microseconds since 1970. */
  readonly updateTimeUs: number;
}

/** Some documents, one after the other. */
export interface RawBatch {
  /**
   * One line of JSON for each document, as Firestore's REST has it: `{"name":…,"fields":{…},"createTime":…,"updateTime":…}`.
   * Every value is as it is stored, to the last digit and bit, and keys are in the order of their UTF-8 bytes: lines of equal
   * documents are equal.
   */
  readonly bytes: Buffer;
  readonly lines: readonly RawLine[];
}

export interface RawReadOptions {
  /** At most so many documents. */
  readonly limit?: number;
  /** How often in a row a read is tried again that failed for a reason that passes and gave nothing. Default 10. */
  readonly retries?: number;
  readonly signal?: AbortSignal | undefined;
}

export interface RawRangeOptions {
  /** Only what is below this collection (`clients`, `clients/42/notes`), at any depth. Default: all of the database. */
  readonly collection?: string | undefined;
  /** Only documents of the collections of this id, at any depth, and none of those below them. It wins over `collection`. */
  readonly group?: string | undefined;
  /** About how many ranges. Default 1. It may be fewer: emulators and small collections are not split. */
  readonly wanted?: number;
  readonly signal?: AbortSignal | undefined;
}

/** All documents as they were at one moment, in the order of their names. */
export interface RawSnapshot {
  readonly readTime: FirestoreTimestamp;
  /** The ids of the root collections. */
  collections(options?: { readonly signal?: AbortSignal | undefined }): Promise<readonly string[]>;
  /** Splits the documents into ranges that can be read side by side, in their order. */
  ranges(options?: RawRangeOptions): Promise<readonly RawRange[]>;
  /**
   * Reads a range: also documents of collections that nobody listed, and those below documents that are not there. A read
   * that fails for a reason that passes goes on behind the last document that it gave.
   *
   * @throws {FirestoreError} READ_TIME_UNAVAILABLE when the moment is too long ago; UNSUPPORTED for a value that this
   * version does not know; CONNECTION_FAILED, TIMEOUT, CANCELLED, …
   */
  read(range: RawRange, options?: RawReadOptions): AsyncIterable<RawBatch>;
  /** Reads single documents: at most 100. Those that are not there are not among the lines, whose order is any. */
  get(
    paths: readonly string[],
    options?: { readonly signal?: AbortSignal | undefined },
  ): Promise<RawBatch>;
}

export interface RawSnapshotOptions {
  /** Default: now, by the server's clock. The last hour to the microsecond; with point-in-time recovery seven days at whole minutes. */
  readonly readTime?: FirestoreTimestamp | Date | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** A write of one document, as it is. */
export type RawWrite =
  /** Fails where a document is already. */
  | ({ readonly op: "create" } & RawContent)
  /**
   * Replaces what is there. With `lastUpdateTime` it fails (`FAILED_PRECONDITION`, or `NOT_FOUND`) when the document was changed or
   * deleted since.
   */
  | ({ readonly op: "set" } & RawContent & WriteCondition)
  /**
   * Writes these fields of the line, and leaves all others of the document as they are. A field that the line does not have is removed.
   * Each is the name of a field, whatever its characters: not a path into a map. The document must be there (`NOT_FOUND`), and
   * with `lastUpdateTime` be as it was then (`FAILED_PRECONDITION`).
   */
  | ({ readonly op: "merge"; readonly fields: readonly string[] } & RawContent & WriteCondition)
  /** What is not there is not an error, unless there is a `lastUpdateTime`. */
  | ({ readonly op: "delete"; readonly path: string } & WriteCondition);

/** The document that is written. */
export interface RawContent {
  /**
   * A line of a {@link RawBatch}, with or without its line feed. Its times are not written: the server makes its own. The
   * bytes may be used again when the next write is asked for.
   */
  readonly line: Uint8Array | string;
}

/** What became of a write that was not done. */
export interface RawFailure {
  readonly op: RawWrite["op"];
  readonly path: string;
  /** What was to be written, as it would have been in this database, without times; undefined for a delete, and only the fields of a merge. */
  readonly line: Buffer | undefined;
  /** gRPC's: `ALREADY_EXISTS`, `INVALID_ARGUMENT`, … */
  readonly status: string;
  readonly message: string;
}

export interface RawWriteOptions {
  /**
   * The database that the lines are from: `projects/p/databases/d`. Their names, and references to it at any depth, become
   * those of this database. References to any other stay as they are. Default: this one.
   */
  readonly from?: string | undefined;
  /**
   * Writes per second: starts with 500 and grows by half every five minutes up to `max` (10,000), which is what Firestore
   * asks for. False for an emulator, or a database that is warm.
   */
  readonly ramp?: { readonly start?: number; readonly max?: number } | false | undefined;
  /** How many requests (of at most 500 writes and about 4 MiB) may be on their way. Default 4. */
  readonly requests?: number;
  /** How often a write is tried again that failed for a reason that passes. Default 10. */
  readonly retries?: number;
  /** Called for each write that was not done. Without it the first one is thrown. */
  readonly onFailure?: (failure: RawFailure) => void;
  /** Called for each request that is done. */
  readonly onProgress?: (progress: { readonly written: number; readonly bytes: number }) => void;
  /** Stops taking writes, and waits for none. */
  readonly signal?: AbortSignal | undefined;
}

export interface RawWriteSummary {
  /** Writes that were done, deletes among them. */
  readonly written: number;
  readonly failed: number;
  /** References that were moved to this database. */
  readonly movedReferences: number;
}

/** Documents as they are, without models and registry: for backups. */
export interface RawAccess {
  /** `projects/p/databases/d` */
  readonly database: string;
  /**
   * The line of a document with these fields, as one writes it: without times and line feed. `types` makes the values that only
   * Firestore has.
   *
   * @throws {FirestoreError} INVALID_VALUE for what Firestore would change, cut or drop.
   */
  lineOf(path: string, data: object): string;
  /** Everything at one moment. Nothing is held open for it. */
  snapshot(options?: RawSnapshotOptions): Promise<RawSnapshot>;
  /**
   * Writes many documents, in any order. A write may have been done that is reported as failed: its answer may have been
   * lost, and a `create` then finds what it made itself.
   *
   * @throws {FirestoreError} The first failure, when there is no `onFailure`. INVALID_VALUE for a line that is no document.
   */
  write(
    writes: Iterable<RawWrite> | AsyncIterable<RawWrite>,
    options?: RawWriteOptions,
  ): Promise<RawWriteSummary>;
}
