import { readdirSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { EmulatorError } from "../emulator-error.ts";
import type { Clock } from "../store/clock.ts";
import type { Database } from "../store/database.ts";
import type { DataFolder } from "./data-folder.ts";
import {
  fileHeaderBytes,
  journalFile,
  listJournalFiles,
  type JournalFile,
} from "./journal-file.ts";
import { decodeRecord, type JournalRecord } from "./journal-record.ts";
import { LogWriter } from "./log-writer.ts";
import { readFrames, type FramesEnd } from "./read-frames.ts";

/** The databases that a journal keeps. */
export interface JournaledDatabases {
  /** Of all of them. */
  readonly clock: Clock;
  /** The database of that name, made if there is none. */
  get(name: string): Database;
  all(): Iterable<Database>;
}

/** The end of the last log that was not whole, and was cut off. */
export interface TornTail {
  readonly file: string;
  /** Where it began. */
  readonly offset: number;
  readonly bytes: number;
}

/** What was found in a data folder. */
export interface Recovered {
  /** The last log, and where its whole records end. */
  readonly log: JournalFile;
  readonly end: number;
  /** The size of the logs before it that no snapshot covers. */
  readonly olderBytes: number;
  /** 0 without a snapshot. */
  readonly snapshotBytes: number;
  /** The time of the last commit; 0 without any. */
  readonly time: number;
  readonly tornTail: TornTail | undefined;
}

/**
 * Makes the databases what the data folder says.
 * @throws {EmulatorError} DATA_CORRUPT when a file is missing, or not as it was written; nothing was changed.
 */
export async function recover(
  folder: DataFolder,
  databases: JournaledDatabases,
): Promise<Recovered> {
  const snapshot = listJournalFiles(folder.path, "snapshot").at(-1);
  const logs = liveLogs(folder.path, snapshot);
  const loader = new Loader(databases);
  if (snapshot) await loadSnapshot(snapshot, loader);
  let olderBytes = 0;
  let last: FramesEnd = { offset: 0, size: 0 };
  for (const log of logs) {
    olderBytes += last.offset;
    last = await readFrames(log, (record, offset) => loader.load(log, record, offset));
    if (
      last.damage !== undefined &&
      !isTornTail(last, log === logs.at(-1), folder.afterPowerLoss)
    ) {
      throw damagedLog(log, last);
    }
  }
  databases.clock.advanceTo(loader.time);
  deleteLeftovers(folder.path, snapshot?.number ?? 0);
  const log = logs.at(-1) ?? LogWriter.create(journalFile(folder.path, "log", 1));
  if (logs.length > 0 && last.offset < fileHeaderBytes) {
    rmSync(log.path);
    LogWriter.create(log);
  }
  const bytes = last.size - last.offset;
  return {
    log,
    end: Math.max(last.offset, fileHeaderBytes),
    olderBytes,
    snapshotBytes: snapshot ? statSync(snapshot.path).size : 0,
    time: loader.time,
    tornTail: bytes > 0 ? { file: log.path, offset: last.offset, bytes } : undefined,
  };
}

/** The logs that no snapshot covers, without a gap. */
function liveLogs(folder: string, snapshot: JournalFile | undefined): JournalFile[] {
  const first = snapshot?.number ?? 1;
  const logs = listJournalFiles(folder, "log").filter(({ number }) => number >= first);
  const gap = logs.findIndex(({ number }, index) => number !== first + index);
  if (gap === -1 && (logs.length > 0 || !snapshot)) return logs;
  const missing = journalFile(folder, "log", first + Math.max(gap, 0)).path;
  throw new EmulatorError("DATA_CORRUPT", `${missing} is missing.`, {
    hint: "Nothing was changed. Restore the data folder from a copy, or choose another dataDir.",
    file: missing,
  });
}

/**
 * Whether damage is what a process or machine leaves that goes down while it writes: nothing that anybody was told to be
 * safe. After a power loss, parts that were written later may be there without those before.
 */
function isTornTail(end: FramesEnd, isLast: boolean, afterPowerLoss: boolean): boolean {
  if (!isLast || end.wasDurable === true) return false;
  if (end.offset < fileHeaderBytes) return end.size <= fileHeaderBytes;
  return end.followed !== true || afterPowerLoss;
}

const damages = {
  cut: "it ends in the middle of a record",
  header: "what is there is no record",
  checksum: "the record there is not the one that was written",
};

function damagedLog(log: JournalFile, { offset, damage = "cut" }: FramesEnd): EmulatorError {
  return new EmulatorError(
    "DATA_CORRUPT",
    `${log.path} is damaged at offset ${offset}: ${damages[damage]}, although more was written after it.`,
    {
      hint:
        "Nothing was changed. Restore the data folder from a copy. To give up this and all later commits instead, " +
        `cut the file to ${offset} bytes (truncate -s ${offset} "${log.path}") and delete the logs with higher numbers.`,
      file: log.path,
      offset,
    },
  );
}

async function loadSnapshot(snapshot: JournalFile, loader: Loader): Promise<void> {
  const { offset, damage } = await readFrames(snapshot, (record, at) =>
    loader.load(snapshot, record, at),
  );
  if (damage === undefined && loader.ended) return;
  throw damagedSnapshot(snapshot, offset, damages[damage ?? "cut"]);
}

function damagedSnapshot(file: JournalFile, offset: number, what: string): EmulatorError {
  return new EmulatorError(
    "DATA_CORRUPT",
    `${file.path} is damaged at offset ${offset}: ${what}.`,
    {
      hint: "Nothing was changed. Restore the data folder from a copy, or choose another dataDir.",
      file: file.path,
      offset,
    },
  );
}

/** Applies records, in their order. */
class Loader {
  time = 0;
  /** The last record was the end of a snapshot. */
  ended = false;
  readonly #databases: JournaledDatabases;
  #file: JournalFile | undefined;
  #database: string | undefined;

  constructor(databases: JournaledDatabases) {
    this.#databases = databases;
  }

  load(file: JournalFile, bytes: Buffer, offset: number): void {
    if (file !== this.#file) this.#database = undefined;
    this.#file = file;
    const record = this.#decode(file, bytes, offset);
    this.#database = record.database;
    this.ended = record.kind === "end";
    this.time = Math.max(this.time, record.time);
    if (!this.ended) this.#apply(record);
  }

  #decode(file: JournalFile, bytes: Buffer, offset: number): JournalRecord {
    try {
      return decodeRecord(bytes, this.#database);
    } catch (error) {
      throw new EmulatorError(
        "DATA_CORRUPT",
        `${file.path} holds a record at offset ${offset} that this version does not know.`,
        {
          hint: "Nothing was changed. Use the version of the emulator that wrote the data folder.",
          file: file.path,
          offset,
          cause: error,
        },
      );
    }
  }

  #apply({ database: name, time, kind, changes }: JournalRecord): void {
    const database = this.#databases.get(name);
    if (kind === "clear") database.clear(time);
    else if (kind === "commit") database.apply(time, changes);
    else for (const change of changes) database.apply(change.time ?? time, [change]);
  }
}

/** What a compaction left that did not come to its end, and what a later snapshot covers. */
function deleteLeftovers(folder: string, snapshot: number): void {
  for (const name of readdirSync(folder)) {
    if (/^snapshot-\d+\.tmp$/u.test(name)) rmSync(join(folder, name), { force: true });
  }
  deleteCovered(folder, snapshot);
}

/** Deletes the logs and snapshots that the snapshot of that number made superfluous. */
export function deleteCovered(folder: string, snapshot: number): void {
  for (const kind of ["log", "snapshot"] as const) {
    for (const { number, path } of listJournalFiles(folder, kind)) {
      if (number < snapshot) rmSync(path, { force: true });
    }
  }
}
