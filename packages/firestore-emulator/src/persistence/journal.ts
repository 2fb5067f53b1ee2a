import { EmulatorError } from "../emulator-error.ts";
import type { DocumentChange } from "../store/database.ts";
import { openDataFolder, type DataFolder } from "./data-folder.ts";
import { folderError } from "./file-error.ts";
import type { ServerAddress } from "./folder-lock.ts";
import { journalFile } from "./journal-file.ts";
import { encodeRecord, type JournalRecord } from "./journal-record.ts";
import { LogWriter, type SyncFile } from "./log-writer.ts";
import {
  deleteCovered,
  recover,
  type JournaledDatabases,
  type Recovered,
  type TornTail,
} from "./recover.ts";
import { writeSnapshot } from "./write-snapshot.ts";

export interface JournalOptions {
  readonly dataDir: string;
  /** Empty; they get what the data folder holds. */
  readonly databases: JournaledDatabases;
  /** Is told why a compaction in the background was given up. The journal goes on. */
  readonly onProblem?: ((error: unknown) => void) | undefined;
  /** For tests. */
  readonly tuning?: Partial<JournalTuning> | undefined;
}

/** Sizes in bytes. */
export interface JournalTuning {
  /** Logs smaller than this are not compacted. */
  readonly compactBytes: number;
  /** A log is not made much longer than this. */
  readonly logBytes: number;
  readonly sync: SyncFile;
}

/** A commit to be kept. */
export interface JournaledCommit {
  readonly database: string;
  /** Microseconds since 1970, later than all before. */
  readonly time: number;
  readonly changes: readonly DocumentChange[];
}

/**
 * Takes the data folder, reads what it holds into the databases, and keeps what is committed from then on.
 *
 * @throws {EmulatorError} DATA_FOLDER_IN_USE, DATA_FOLDER_UNUSABLE, INVALID_OPTIONS, RESOURCES_EXHAUSTED as
 * `openDataFolder`; DATA_CORRUPT when a file is not as it was written.
 */
export async function openJournal(options: JournalOptions): Promise<Journal> {
  const folder = await openDataFolder(options.dataDir);
  try {
    return new Journal(folder, await recover(folder, options.databases), options);
  } catch (error) {
    folder.release();
    throw folderError(error, folder.path);
  }
}

/** The commits of all databases, on disk: a log, and now and then a snapshot that makes the log before it superfluous. */
export class Journal {
  /** What was cut off the end of the log when it was opened: writing it was never finished, nobody was told it was safe. */
  readonly tornTail: TornTail | undefined;
  readonly #folder: DataFolder;
  readonly #databases: JournaledDatabases;
  readonly #onProblem: (error: unknown) => void;
  readonly #compactBytes: number;
  readonly #logBytes: number;
  readonly #writer: LogWriter;
  readonly #abort = new AbortController();
  /** The database of the last record in the last log. */
  #database: string | undefined;
  #time: number;
  #olderBytes: number;
  #snapshotBytes: number;
  /** No compaction in the background before the log is that long. */
  #compactAt = 0;
  #compacting: Promise<void> | undefined;
  #closing: Promise<void> | undefined;

  constructor(folder: DataFolder, recovered: Recovered, options: JournalOptions) {
    const { compactBytes = 16 << 20, logBytes = 64 << 20, sync } = options.tuning ?? {};
    this.tornTail = recovered.tornTail;
    this.#folder = folder;
    this.#databases = options.databases;
    this.#onProblem = options.onProblem ?? (() => {});
    this.#compactBytes = compactBytes;
    this.#logBytes = logBytes;
    this.#writer = new LogWriter(recovered.log, recovered.end, sync);
    this.#time = recovered.time;
    this.#olderBytes = recovered.olderBytes;
    this.#snapshotBytes = recovered.snapshotBytes;
    this.#compactIfLong();
  }

  /** The real path of the data folder. */
  get path(): string {
    return this.#folder.path;
  }

  /** Tells others where the server listens; see `readServerInfo`. */
  publishAddress(address: ServerAddress): void {
    this.#folder.publishAddress(address);
  }

  /**
   * Writes a commit down, so that it outlives this process. It must be applied to its database in the same turn.
   * @throws {EmulatorError} RESOURCES_EXHAUSTED when the disk is full and nothing was written; PERSISTENCE_FAILED when the disk
   * failed before or the folder is no longer ours; CLOSED.
   */
  append({ database, time, changes }: JournaledCommit): void {
    this.#append({ database, time, kind: "commit", changes });
  }

  /** Writes down that a database was cleared. Otherwise as `append`. */
  appendClear(database: string, time: number): void {
    this.#append({ database, time, kind: "clear", changes: [] });
  }

  /** Resolves when everything that was appended so far is on disk, so that it outlives the machine. @throws as `append`. */
  async flushed(): Promise<void> {
    await this.#writer.flushed();
  }

  /**
   * Puts a snapshot in the place of the log so far, while others go on. Joins the one that is under way.
   * @throws {EmulatorError} RESOURCES_EXHAUSTED and others as `append`; everything is kept as it was.
   */
  async compact(): Promise<void> {
    this.#compacting ??= this.#compactNow().finally(() => {
      this.#compacting = undefined;
    });
    await this.#compacting;
  }

  /** Has everything on disk and lets others have the folder. */
  async close(): Promise<void> {
    this.#closing ??= this.#closeNow();
    await this.#closing;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #append(record: JournalRecord): void {
    this.#checkHeld();
    if (this.#writer.end > this.#logBytes) this.#rotateIfPossible();
    this.#writer.append(encodeRecord(record, this.#database));
    this.#database = record.database;
    this.#time = record.time;
    this.#compactIfLong();
  }

  #checkHeld(): void {
    if (this.#folder.isHeld && !this.#writer.isDeleted) return;
    const message = `The data folder ${this.#folder.path} was deleted, or another process took it over.`;
    this.#writer.fail(
      new EmulatorError("PERSISTENCE_FAILED", message, {
        hint: "Start again. Nothing more is accepted until then.",
        file: this.#folder.path,
      }),
    );
  }

  #rotate(): void {
    const bytes = this.#writer.end;
    this.#writer.rotate();
    this.#olderBytes += bytes;
    this.#database = undefined;
  }

  /** Where no new log can be made, the last one is made longer; if it can still be written, which is seen next. */
  #rotateIfPossible(): void {
    try {
      this.#rotate();
    } catch {
      // `append` says what is wrong with the disk, if it matters.
    }
  }

  /** In another turn: the commit that was just appended is applied by then. */
  #compactIfLong(): void {
    const bytes = this.#olderBytes + this.#writer.end;
    const limit = Math.max(this.#compactBytes, 2 * this.#snapshotBytes, this.#compactAt);
    if (bytes <= limit || this.#compacting) return;
    this.#compactAt = Infinity;
    setImmediate(() => {
      this.compact().catch((error: unknown) => {
        if (!this.#abort.signal.aborted) this.#onProblem(error);
      });
    });
  }

  async #compactNow(): Promise<void> {
    const folder = this.#folder.path;
    try {
      this.#checkHeld();
      this.#rotate();
      const { number } = this.#writer.file;
      const coveredBytes = this.#olderBytes;
      this.#snapshotBytes = await writeSnapshot(journalFile(folder, "snapshot", number), {
        databases: this.#databases.all(),
        time: this.#time,
        signal: this.#abort.signal,
      });
      this.#olderBytes -= coveredBytes;
      this.#compactAt = 0;
      deleteCovered(folder, number);
    } catch (error) {
      this.#compactAt = this.#olderBytes + this.#writer.end + this.#compactBytes;
      if (this.#abort.signal.aborted) throw new EmulatorError("CLOSED", "The journal is closed.");
      throw folderError(error, folder);
    }
  }

  async #closeNow(): Promise<void> {
    this.#abort.abort();
    await this.#compacting?.catch(() => {});
    try {
      await this.#writer.flushed();
    } finally {
      this.#writer.close();
      this.#folder.release();
    }
  }
}
