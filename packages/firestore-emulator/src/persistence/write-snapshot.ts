import { open, rename, rm, type FileHandle } from "node:fs/promises";
import { dirname } from "node:path";
import { retentionMicros, type Database } from "../store/database.ts";
import type { DocumentEntry } from "../store/document-entry.ts";
import { syncFolder } from "./durable-file.ts";
import { frameOf } from "./frame.ts";
import { fileHeaderOf, type JournalFile } from "./journal-file.ts";
import { RecordEncoder, encodeRecord, type RecordedChange } from "./journal-record.ts";
import { walkEntries } from "./walk-entries.ts";

/** About how many bytes are made at once, before others have their turn. */
const recordBytes = 1 << 16;

export interface SnapshotOptions {
  readonly databases: Iterable<Database>;
  /** The time of the last commit that is part of it. */
  readonly time: number;
  /** Gives it up. */
  readonly signal: AbortSignal;
}

/** The name of a snapshot that is not complete. */
export function snapshotDraft({ path }: JournalFile): string {
  return `${path}.tmp`;
}

/**
 * Writes all databases as they are now, with as much of their past as can still be read, while others go on. Takes the
 * place of the file at the end, all at once. Returns its size.
 */
export async function writeSnapshot(
  file: JournalFile,
  { databases, time, signal }: SnapshotOptions,
): Promise<number> {
  const walks = [...databases].map((database) => ({ database, entries: walkEntries(database) }));
  const draft = snapshotDraft(file);
  const handle = await open(draft, "w", 0o600);
  try {
    const writer = new SnapshotWriter(handle, file.number);
    await writer.write(fileHeaderOf(file));
    for (const { database, entries } of walks) {
      for (const record of recordsOf(database, entries, time)) {
        signal.throwIfAborted();
        await writer.add(record);
      }
    }
    await writer.add(encodeRecord({ database: "", time, kind: "end", changes: [] }));
    await handle.sync();
    signal.throwIfAborted();
    await handle.close();
    await rename(draft, file.path);
    syncFolder(dirname(file.path));
    return writer.size;
  } catch (error) {
    await handle.close().catch(() => {});
    await rm(draft, { force: true });
    throw error;
  }
}

class SnapshotWriter {
  size = 0;
  readonly #handle: FileHandle;
  readonly #number: number;

  constructor(handle: FileHandle, number: number) {
    this.#handle = handle;
    this.#number = number;
  }

  async add(record: Uint8Array): Promise<void> {
    await this.write(frameOf(record, { file: this.#number, offset: this.size }, 0));
  }

  async write(bytes: Uint8Array): Promise<void> {
    let written = 0;
    while (written < bytes.length) {
      const rest = bytes.length - written;
      const { bytesWritten } = await this.#handle.write(bytes, written, rest, this.size + written);
      written += bytesWritten;
    }
    this.size += bytes.length;
  }
}

function* recordsOf(
  database: Database,
  entries: Iterable<DocumentEntry>,
  time: number,
): Generator<Uint8Array, void> {
  const head = { database: database.name, time, kind: "snapshot" } as const;
  let encoder: RecordEncoder | undefined;
  for (const entry of entries) {
    for (const change of readableVersions(
      entry,
      database.clock.readTime() - retentionMicros,
      time,
    )) {
      encoder ??= new RecordEncoder(head);
      encoder.add(change);
    }
    if (encoder && encoder.length > recordBytes) {
      yield encoder.finish();
      encoder = undefined;
    }
  }
  if (encoder) yield encoder.finish();
}

/** The version that was there at the one time, and those that followed until the other. */
function readableVersions(entry: DocumentEntry, from: number, until: number): RecordedChange[] {
  const versions = entry.versions.filter(({ time }) => time <= until);
  const first = versions.findLastIndex(({ time }) => time <= from);
  const kept = first > 0 ? versions.slice(first) : versions;
  // What did not exist before needs nothing that says so.
  const start = kept.findIndex(({ document }) => document !== undefined);
  if (start === -1) return [];
  return kept.slice(start).map(({ time, document }) => ({ path: entry.path, document, time }));
}
