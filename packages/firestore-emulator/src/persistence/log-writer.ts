import {
  closeSync,
  fdatasync,
  fdatasyncSync,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  openSync,
} from "node:fs";
import { dirname } from "node:path";
import { promisify } from "node:util";
import { EmulatorError } from "../emulator-error.ts";
import { syncFolder, writeAll, writeNewFile } from "./durable-file.ts";
import { diskFullError, isDiskFull } from "./file-error.ts";
import { frameOf } from "./frame.ts";
import { fileHeaderBytes, fileHeaderOf, journalFile, type JournalFile } from "./journal-file.ts";

/** Has what was written to a file on disk. */
export type SyncFile = (descriptor: number) => Promise<void>;

const syncFile: SyncFile = promisify(fdatasync);

/** Writes records to the end of the last log, and says when they are on disk. */
export class LogWriter {
  readonly #sync: SyncFile;
  #file: JournalFile;
  #descriptor: number;
  /** Where the next frame goes. */
  #end: number;
  /** Everything before is on disk. */
  #durable: number;
  /** The sync that is under way. */
  #syncing: Promise<void> | undefined;
  #failure: EmulatorError | undefined;

  /** @param end where the whole frames of the file end; what comes after is cut. */
  constructor(file: JournalFile, end: number, sync: SyncFile = syncFile) {
    this.#sync = sync;
    this.#file = file;
    this.#descriptor = openSync(file.path, "r+");
    try {
      ftruncateSync(this.#descriptor, end);
      fsyncSync(this.#descriptor);
    } catch (error) {
      closeSync(this.#descriptor);
      throw error;
    }
    this.#end = end;
    this.#durable = end;
  }

  /** Makes an empty log, on disk. */
  static create(file: JournalFile): JournalFile {
    writeNewFile(file.path, fileHeaderOf(file));
    syncFolder(dirname(file.path));
    return file;
  }

  get file(): JournalFile {
    return this.#file;
  }

  /** The size of the last log, in bytes. */
  get end(): number {
    return this.#end;
  }

  /** Whether the file has no name any more, so that what is written to it is gone with this process. */
  get isDeleted(): boolean {
    return this.#failure === undefined && fstatSync(this.#descriptor).nlink === 0;
  }

  /** Nothing is accepted any more, for this reason. */
  fail(error: EmulatorError): void {
    this.#failure ??= error;
  }

  /**
   * Writes a record, so that it outlives this process. It outlives the machine once `flushed` says so.
   * @throws {EmulatorError} RESOURCES_EXHAUSTED when there is no space, and the log is as before; PERSISTENCE_FAILED when the
   * disk failed before.
   */
  append(record: Uint8Array): void {
    if (this.#failure) throw this.#failure;
    const place = { file: this.#file.number, offset: this.#end };
    const frame = frameOf(record, place, this.#durable);
    try {
      writeAll(this.#descriptor, frame, this.#end);
    } catch (error) {
      this.#cutAfterFailure();
      if (isDiskFull(error)) throw diskFullError(dirname(this.#file.path), error);
      throw this.#failWith("could not be written", error);
    }
    this.#end += frame.length;
  }

  /** Resolves when everything that was appended so far is on disk; one sync does for all who wait. */
  async flushed(): Promise<void> {
    const { number } = this.#file;
    const end = this.#end;
    // A log is on disk as a whole before the next one is begun.
    while (this.#file.number === number && this.#durable < end) {
      if (this.#failure) throw this.#failure;
      this.#syncing ??= this.#syncNow();
      await this.#syncing;
    }
  }

  /** Begins the next log, after having the last one on disk. */
  rotate(): void {
    if (this.#failure) throw this.#failure;
    this.#syncWhole();
    const next = journalFile(dirname(this.#file.path), "log", this.#file.number + 1);
    LogWriter.create(next);
    const descriptor = openSync(next.path, "r+");
    this.#closeLater(this.#descriptor);
    this.#file = next;
    this.#descriptor = descriptor;
    this.#end = fileHeaderBytes;
    this.#durable = fileHeaderBytes;
  }

  close(): void {
    this.fail(new EmulatorError("CLOSED", "The journal is closed."));
    this.#closeLater(this.#descriptor);
  }

  #syncWhole(): void {
    try {
      fdatasyncSync(this.#descriptor);
    } catch (error) {
      throw this.#failWith("could not be brought to disk", error);
    }
  }

  async #syncNow(): Promise<void> {
    const { number } = this.#file;
    const end = this.#end;
    try {
      await this.#sync(this.#descriptor);
      if (this.#file.number === number) this.#durable = end;
    } catch (error) {
      // What was not written may be gone from memory too: asking again would be told that all is well.
      throw this.#failWith("could not be brought to disk", error);
    } finally {
      this.#syncing = undefined;
    }
  }

  /** Else it stays behind the end, where the next frame is written over it. */
  #cutAfterFailure(): void {
    try {
      ftruncateSync(this.#descriptor, this.#end);
    } catch {
      // What is left of a frame is never taken for one.
    }
  }

  #failWith(what: string, cause: unknown): EmulatorError {
    const error = new EmulatorError("PERSISTENCE_FAILED", `${this.#file.path} ${what}.`, {
      hint: "Check the disk and start again. Nothing more is accepted until then.",
      file: this.#file.path,
      cause,
    });
    this.fail(error);
    return error;
  }

  /** The number of a closed file may be given to another one while a sync still means this one. */
  #closeLater(descriptor: number): void {
    if (!this.#syncing) {
      closeSync(descriptor);
      return;
    }
    const close = (): void => closeSync(descriptor);
    this.#syncing.then(close, close);
  }
}
