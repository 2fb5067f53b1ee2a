import { createWriteStream, rmSync } from "node:fs";
import { rename } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { Readable, type Writable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { EmulatorError } from "../emulator-error.ts";
import { retentionMicros, type Database } from "../store/database.ts";
import type { DocumentEntry } from "../store/document-entry.ts";
import type { StoredDocument } from "../store/stored-document.ts";
import { timestampOf } from "../value/timestamp.ts";
import { draftBeside, syncFolder } from "./durable-file.ts";
import { encodeNdjsonFields } from "./encode-ndjson.ts";
import { isDiskFull } from "./file-error.ts";
import { timeText } from "./time-text.ts";
import { walkEntries } from "./walk-entries.ts";

/** The format that the header of an export names. */
export const ndjsonFormat = "firestore-ndjson";
export const ndjsonVersion = 1;

/** About how much is made at once, before others have their turn. */
const pieceChars = 1 << 16;

export interface NdjsonExport {
  /** What is exported, of one server: their clock is the same. */
  readonly databases: Iterable<Database>;
  /** The path of a file, whose place is taken once all is written; or a stream, which is not ended. */
  readonly to: string | Writable;
}

/** What was exported. */
export interface NdjsonExported {
  readonly documents: number;
  /** The moment that it shows, in microseconds since 1970; 0 without databases. */
  readonly readTime: number;
}

/**
 * Writes all documents as they are now, a line for each, while others go on. See `encodeNdjsonValue` for the lines.
 * @throws {EmulatorError} EXPORT_FAILED, and RESOURCES_EXHAUSTED when the disk is full; a file in its place is as before.
 */
export async function exportNdjson({ databases, to }: NdjsonExport): Promise<NdjsonExported> {
  // All at one moment, before anything is waited for.
  const parts = [...databases].map((database) => {
    return { database, entries: walkEntries(database), readTime: database.clock.readTime() };
  });
  const readTime = Math.max(0, ...parts.map((part) => part.readTime));
  const counter = { documents: 0 };
  const pieces = Readable.from(
    piecesOf(
      parts.map((part) => ({ ...part, readTime })),
      counter,
    ),
  );
  if (typeof to === "string") await writeFile(resolve(to), pieces);
  else
    await pipeline(pieces, to, { end: false }).catch((error: unknown) => {
      throw exportError(error, "the stream");
    });
  return { documents: counter.documents, readTime };
}

async function writeFile(file: string, pieces: Readable): Promise<void> {
  const draft = draftBeside(file);
  try {
    await pipeline(pieces, createWriteStream(draft, { flags: "wx", mode: 0o600, flush: true }));
    await rename(draft, file);
    syncFolder(dirname(file));
  } catch (error) {
    rmSync(draft, { force: true });
    throw exportError(error, file);
  }
}

function exportError(error: unknown, file: string): unknown {
  if (error instanceof EmulatorError) return error;
  const reason = error instanceof Error ? error.message : String(error);
  return new EmulatorError(
    isDiskFull(error) ? "RESOURCES_EXHAUSTED" : "EXPORT_FAILED",
    `The export to ${file} was given up: ${reason}`,
    {
      hint: "What was there before is unchanged. Check the place and export again.",
      file,
      cause: error,
    },
  );
}

interface Part {
  readonly database: Database;
  readonly entries: Iterable<DocumentEntry>;
  readonly readTime: number;
}

function* piecesOf(
  parts: readonly Part[],
  counter: { documents: number },
): Generator<string, void> {
  let piece = "";
  for (const { database, entries, readTime } of parts) {
    piece += `${headerLine(database.name, readTime)}\n`;
    for (const entry of entries) {
      const document = entry.at(readTime);
      if (document) {
        piece += `${documentLine(document, database.name)}\n`;
        counter.documents += 1;
      }
      if (piece.length > pieceChars) {
        checkReadable(database, readTime);
        yield piece;
        piece = "";
      }
    }
    checkReadable(database, readTime);
  }
  yield `${piece}{"end":true}\n`;
}

function headerLine(database: string, readTime: number): string {
  const time = timeText(timestampOf(readTime));
  return JSON.stringify({ format: ndjsonFormat, version: ndjsonVersion, database, readTime: time });
}

function documentLine(
  { path, fields, createTime, updateTime }: StoredDocument,
  database: string,
): string {
  const times = `"createTime":"${timeText(timestampOf(createTime))}","updateTime":"${timeText(timestampOf(updateTime))}"`;
  return `{"path":${JSON.stringify(path)},"fields":${encodeNdjsonFields(fields, database)},${times}}`;
}

/** What was replaced an hour ago is forgotten: documents would be missing without a word. */
function checkReadable({ clock }: Database, readTime: number): void {
  if (clock.readTime() - readTime < retentionMicros) return;
  throw new EmulatorError(
    "EXPORT_FAILED",
    "The export took longer than the past is kept, one hour.",
    {
      hint: "Export to a place that takes it faster.",
    },
  );
}
