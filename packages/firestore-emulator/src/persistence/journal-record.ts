import type { Reader, Writer } from "protobufjs";
import { documentCodec } from "../protocol/document-codec.ts";
import { newWriter, readerOf } from "../protocol/protocol.ts";
import type { StoredDocument } from "../store/stored-document.ts";

/** One document from a time on; `undefined` when it was deleted. */
export interface RecordedChange {
  readonly path: string;
  readonly document: StoredDocument | undefined;
  /** Microseconds since 1970; by default the time of the record. */
  readonly time?: number | undefined;
}

/**
 * What happened to a database: a commit, or that all of it was deleted. In a snapshot, documents with as much of their past
 * as can still be read, and last the end of it.
 */
export interface JournalRecord extends RecordHead {
  readonly changes: readonly RecordedChange[];
}

/** A record without its changes. */
export interface RecordHead {
  /** `projects/p/databases/d`. */
  readonly database: string;
  /** Microseconds since 1970. */
  readonly time: number;
  readonly kind: "commit" | "clear" | "snapshot" | "end";
}

const kinds = ["commit", "clear", "snapshot", "end"] as const;

/**
 * Writes a record in the wire format of protobuf:
 *
 *     message Record {
 *       string database = 1;          // left out where it is the one of the record before in the same file
 *       double time = 2;
 *       uint32 kind = 3;              // 0 commit, 1 clear, 2 snapshot, 3 end
 *       repeated Change changes = 4;
 *     }
 *     message Change {
 *       string path = 1;              // only of what is deleted
 *       google.firestore.v1.Document document = 2;   // its name is the path; without times
 *       double create_time = 3;       // left out where it is the update time
 *       double update_time = 4;       // left out where it is the time
 *       double time = 5;              // left out where it is the record's
 *     }
 */
export class RecordEncoder {
  readonly #writer = newWriter();
  readonly #time: number;

  constructor({ database, time, kind }: RecordHead, previousDatabase?: string) {
    this.#time = time;
    if (database !== previousDatabase) this.#writer.uint32(10).string(database);
    this.#writer.uint32(17).double(time);
    if (kind !== "commit") this.#writer.uint32(24).uint32(kinds.indexOf(kind));
  }

  /** Bytes so far. */
  get length(): number {
    return this.#writer.len;
  }

  add(change: RecordedChange): void {
    writeChange(change, this.#time, this.#writer.uint32(34).fork()).ldelim();
  }

  finish(): Uint8Array {
    return this.#writer.finish();
  }
}

/** The bytes of a record, see {@link RecordEncoder}. */
export function encodeRecord(record: JournalRecord, previousDatabase?: string): Uint8Array {
  const encoder = new RecordEncoder(record, previousDatabase);
  for (const change of record.changes) encoder.add(change);
  return encoder.finish();
}

function writeChange(
  { path, document, time }: RecordedChange,
  recordTime: number,
  writer: Writer,
): Writer {
  const changeTime = time ?? recordTime;
  if (document) {
    const { createTime, updateTime, fields } = document;
    documentCodec.write({ name: path, fields }, writer.uint32(18).fork()).ldelim();
    if (createTime !== updateTime) writer.uint32(25).double(createTime);
    if (updateTime !== changeTime) writer.uint32(33).double(updateTime);
  } else {
    writer.uint32(10).string(path);
  }
  if (changeTime !== recordTime) writer.uint32(41).double(changeTime);
  return writer;
}

/** @throws {Error} of any kind when the bytes are no record. */
export function decodeRecord(bytes: Uint8Array, previousDatabase = ""): JournalRecord {
  const reader = readerOf(bytes);
  let database = previousDatabase;
  let time = 0;
  let kind: JournalRecord["kind"] | undefined = "commit";
  const changes: RecordedChange[] = [];
  while (reader.pos < reader.len) {
    const tag = reader.uint32();
    if (tag === 10) database = reader.string();
    else if (tag === 17) time = reader.double();
    else if (tag === 24) kind = kinds[reader.uint32()];
    else if (tag === 34) changes.push(readChange(reader, reader.uint32(), time));
    else throw new RangeError(`unknown tag ${tag}`);
  }
  if (kind === undefined) throw new RangeError("unknown kind of record");
  return { database, time, kind, changes };
}

function readChange(reader: Reader, length: number, recordTime: number): RecordedChange {
  const end = reader.pos + length;
  let path = "";
  let fields: StoredDocument["fields"] | undefined;
  let createTime: number | undefined;
  let updateTime: number | undefined;
  let time = recordTime;
  while (reader.pos < end) {
    const tag = reader.uint32();
    if (tag === 10) path = reader.string();
    else if (tag === 18) ({ name: path, fields } = documentCodec.read(reader, reader.uint32()));
    else if (tag === 25) createTime = reader.double();
    else if (tag === 33) updateTime = reader.double();
    else if (tag === 41) time = reader.double();
    else throw new RangeError(`unknown tag ${tag}`);
  }
  if (!fields) return { path, document: undefined, time };
  const updated = updateTime ?? time;
  return {
    path,
    document: { path, fields, createTime: createTime ?? updated, updateTime: updated },
    time,
  };
}
