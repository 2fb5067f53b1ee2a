import type { RawSnapshot, RawSnapshotOptions } from "@ctb-data/firestore";
import type { FirestoreManifest } from "../archive/firestore-manifest.ts";
import { BackupError } from "../backup-error.ts";
import type { PartSink } from "../part/part.ts";
import type { OnBackupProgress } from "../progress.ts";
import { dumpDocuments } from "./dump-documents.ts";
import { withBackupErrors } from "./firestore-failure.ts";
import type { FirestoreStore } from "./firestore-store.ts";
import { timestampText } from "./timestamp-text.ts";

/** A file that goes into the archive as it is: `firestore.indexes.json`, `firestore.rules`. */
export interface GivenFile {
  /** Without folders. */
  readonly name: string;
  readonly content: Uint8Array | string;
}

/** A document on its way into the archive. */
export interface DumpedDocument {
  /** `clients/42` */
  readonly path: string;
  /** Its line, with its line feed. Only valid during the call. */
  readonly line: Uint8Array;
}

export interface FirestoreSnapshotOptions {
  readonly firestore: FirestoreStore;
  readonly parts: PartSink;
  /** Default: now. The last hour to the microsecond; with point-in-time recovery seven days at whole minutes. */
  readonly readTime?: RawSnapshotOptions["readTime"];
  /** How many ranges are read side by side. Default 4. */
  readonly jobs?: number | undefined;
  readonly files?: readonly GivenFile[] | undefined;
  /** A part has at most so many plain bytes, but for a single document that is larger. Default 256 MiB. */
  readonly partBytes?: number | undefined;
  /**
   * Counts the documents that were changed since then, up to the read time: since the other store's snapshot, by that store's
   * clock. RFC 3339, or a Date.
   */
  readonly changedSince?: string | Date | undefined;
  /** How far the two clocks may be apart, milliseconds: so much earlier the count begins. Default 2,000. */
  readonly clockMarginMs?: number | undefined;
  /** Called for each document; ranges are read side by side, so in any order. What it throws ends the dump. */
  readonly onDocument?: ((document: DumpedDocument) => void) | undefined;
  readonly onProgress?: OnBackupProgress | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** All of a Firestore database at one moment. */
export interface FirestoreSnapshot extends AsyncDisposable {
  /** Everything is as it was then: RFC 3339, UTC. */
  readonly readTime: string;
  /**
   * Writes all documents and the given files into parts. Once only.
   *
   * @throws {BackupError} READ_TIME_EXPIRED, FIRESTORE_FAILED, CANCELLED, and what the parts throw. Parts that were being
   * written are aborted then.
   */
  dump(options?: { readonly signal?: AbortSignal | undefined }): Promise<FirestoreManifest>;
  /** Ends a dump that is on its way. The database stays open. */
  close(): Promise<void>;
}

/**
 * Fixes the moment. Firestore holds nothing open for it, it keeps an hour of history: what is not read within an hour cannot
 * be read any more.
 *
 * @throws {BackupError} INVALID_OPTIONS, FIRESTORE_FAILED, READ_TIME_EXPIRED, CANCELLED
 */
export async function openFirestoreSnapshot(
  options: FirestoreSnapshotOptions,
): Promise<FirestoreSnapshot> {
  checkOptions(options);
  const { firestore, readTime, signal } = options;
  const snapshot = await withBackupErrors(
    async () => await firestore.raw.snapshot({ readTime, signal }),
  );
  return new OpenedSnapshot(options, snapshot);
}

class OpenedSnapshot implements FirestoreSnapshot {
  readonly readTime: string;
  readonly #options: FirestoreSnapshotOptions;
  readonly #snapshot: RawSnapshot;
  readonly #closing = new AbortController();
  #dumping: Promise<FirestoreManifest> | undefined;

  constructor(options: FirestoreSnapshotOptions, snapshot: RawSnapshot) {
    this.#options = options;
    this.#snapshot = snapshot;
    this.readTime = timestampText(snapshot.readTime);
  }

  async dump({
    signal = this.#options.signal,
  }: { readonly signal?: AbortSignal | undefined } = {}): Promise<FirestoreManifest> {
    if (this.#dumping !== undefined || this.#closing.signal.aborted)
      throw new BackupError("INVALID_OPTIONS", "A Firestore snapshot is dumped once only.");
    const closing = this.#closing.signal;
    this.#dumping = dumpDocuments(this.#snapshot, {
      ...this.#options,
      signal: signal === undefined ? closing : AbortSignal.any([signal, closing]),
    });
    return await this.#dumping;
  }

  async close(): Promise<void> {
    this.#closing.abort();
    await Promise.allSettled([this.#dumping]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}

function checkOptions({ jobs = 1, partBytes = 1, files = [] }: FirestoreSnapshotOptions): void {
  for (const [name, value] of Object.entries({ jobs, partBytes }))
    if (!Number.isSafeInteger(value) || value < 1)
      throw new BackupError("INVALID_OPTIONS", `${name} must be a whole number from 1 on.`);
  const names = files.map(({ name }) => name.toLowerCase());
  for (const name of names)
    if (!/^[a-z0-9][a-z0-9._-]{0,99}$/.test(name) || name === "data")
      throw new BackupError("INVALID_OPTIONS", `${JSON.stringify(name)} cannot be a file's name.`);
  if (new Set(names).size < names.length)
    throw new BackupError("INVALID_OPTIONS", "Two of the given files have the same name.");
}
