import type { WireTime } from "./time-text.ts";
import { WireReader } from "./wire-reader.ts";
import { WireWriter } from "./wire-writer.ts";

/** Names from `start` (with it, or behind it) up to `end` (without it). Full names; open where there is none. */
export interface NameBounds {
  readonly start?: { readonly name: string; readonly included: boolean } | undefined;
  readonly end?: string | undefined;
}

export interface KindlessQuery extends NameBounds {
  /** `projects/p/databases/d` */
  readonly database: string;
  readonly readTime: WireTime;
  readonly limit?: number | undefined;
  /** Only documents of collections of this id. Default: of all. */
  readonly group?: string | undefined;
  /** Only the names: reads no fields. */
  readonly namesOnly?: boolean;
}

const operators = { lessThan: 1, greaterThan: 3, greaterThanOrEqual: 4 } as const;

/** RunQuery for all documents between two names, at any depth. */
export function runQueryRequest(query: KindlessQuery): Buffer {
  const writer = new WireWriter();
  writer.text(10, `${query.database}/documents`);
  writer.message(18, () => {
    if (query.namesOnly === true)
      writer.message(10, () => writer.message(18, () => writer.text(18, "__name__")));
    writer.message(18, () => {
      if (query.group !== undefined) writer.text(18, query.group);
      writer.varint(24, 1);
    });
    if (query.group === undefined) writeBounds(writer, query);
    writeOrder(writer);
    if (query.group !== undefined) writeCursors(writer, query);
    const { limit } = query;
    if (limit !== undefined) writer.message(42, () => writer.varint(8, limit));
  });
  return writeTime(writer, 58, query.readTime).finish();
}

function writeBounds(writer: WireWriter, { start, end }: NameBounds): void {
  if (start === undefined && end === undefined) return;
  writer.message(26, () => {
    writer.message(10, () => {
      writer.varint(8, 1);
      if (start !== undefined) {
        const operator = start.included ? operators.greaterThanOrEqual : operators.greaterThan;
        writeFilter(writer, operator, start.name);
      }
      if (end !== undefined) writeFilter(writer, operators.lessThan, end);
    });
  });
}

/** What the parts of a partitioned collection group are read with: the same places as filters would be, without an index. */
function writeCursors(writer: WireWriter, { start, end }: NameBounds): void {
  if (start !== undefined) writeCursor(writer, 58, start.name, start.included);
  if (end !== undefined) writeCursor(writer, 66, end, true);
}

function writeCursor(writer: WireWriter, tag: number, name: string, before: boolean): void {
  writer.message(tag, () => {
    writer.message(10, () => writer.text(42, name));
    if (before) writer.varint(16, 1);
  });
}

function writeFilter(writer: WireWriter, operator: number, name: string): void {
  writer.message(18, () => {
    writer.message(18, () => {
      writer.message(10, () => writer.text(18, "__name__"));
      writer.varint(16, operator);
      writer.message(26, () => writer.text(42, name));
    });
  });
}

function writeOrder(writer: WireWriter): void {
  writer.message(34, () => {
    writer.message(10, () => writer.text(18, "__name__"));
    writer.varint(16, 1);
  });
}

function writeTime(writer: WireWriter, tag: number, { seconds, nanos }: WireTime): WireWriter {
  return writer.message(tag, () => writer.integer(8, seconds).varint(16, nanos));
}

/** PartitionQuery for all collections of one id. */
export function partitionQueryRequest(options: {
  readonly database: string;
  readonly collectionId: string;
  readonly partitions: number;
  readonly readTime: WireTime;
  readonly pageToken: string;
}): Buffer {
  const writer = new WireWriter();
  writer.text(10, `${options.database}/documents`);
  writer.message(18, () => {
    writer.message(18, () => writer.text(18, options.collectionId).varint(24, 1));
    writeOrder(writer);
  });
  writer.varint(24, options.partitions);
  if (options.pageToken !== "") writer.text(34, options.pageToken);
  return writeTime(writer, 50, options.readTime).finish();
}

/** ListCollectionIds of the root. */
export function listCollectionIdsRequest(options: {
  readonly database: string;
  readonly readTime: WireTime;
  readonly pageToken: string;
}): Buffer {
  const writer = new WireWriter();
  writer.text(10, `${options.database}/documents`).varint(16, 1000);
  if (options.pageToken !== "") writer.text(26, options.pageToken);
  return writeTime(writer, 34, options.readTime).finish();
}

/** BatchGetDocuments of full names. */
export function batchGetRequest(options: {
  readonly database: string;
  readonly names: readonly string[];
  readonly readTime: WireTime | undefined;
}): Buffer {
  const writer = new WireWriter();
  writer.text(10, options.database);
  for (const name of options.names) writer.text(18, name);
  if (options.readTime !== undefined) writeTime(writer, 58, options.readTime);
  return writer.finish();
}

/** A page of texts, and the token of the next; the last has an empty one. */
export interface TextPage {
  readonly texts: readonly string[];
  readonly nextPageToken: string;
}

/** The ids of a ListCollectionIdsResponse. */
export function readCollectionIds(bytes: Buffer): TextPage {
  return readPage(bytes, (reader) => [reader.text()]);
}

/** The names of a PartitionQueryResponse's cursors. */
export function readPartitions(bytes: Buffer): TextPage {
  return readPage(bytes, (reader) => {
    const names: string[] = [];
    const end = reader.end();
    while (reader.at < end) {
      const tag = reader.varint();
      if (tag === 10) {
        reader.end();
        const inner = reader.varint();
        if (inner === 42) names.push(reader.text());
        else reader.skip(inner);
      } else reader.skip(tag);
    }
    return names;
  });
}

function readPage(bytes: Buffer, read: (reader: WireReader) => readonly string[]): TextPage {
  const reader = new WireReader();
  reader.bytes = bytes;
  const texts: string[] = [];
  let nextPageToken = "";
  while (reader.at < bytes.length) {
    const tag = reader.varint();
    if (tag === 10) texts.push(...read(reader));
    else if (tag === 18) nextPageToken = reader.text();
    else reader.skip(tag);
  }
  return { texts, nextPageToken };
}

/** One status of a BatchWriteResponse: `code` is gRPC's. */
export interface WriteStatus {
  readonly code: number;
  readonly message: string;
}

/** The statuses of a BatchWriteResponse, one for each write, in their order. */
export function readWriteStatuses(bytes: Buffer): readonly WriteStatus[] {
  const reader = new WireReader();
  reader.bytes = bytes;
  const statuses: WriteStatus[] = [];
  while (reader.at < bytes.length) {
    const tag = reader.varint();
    if (tag === 18) statuses.push(readStatus(reader));
    else reader.skip(tag);
  }
  return statuses;
}

function readStatus(reader: WireReader): WriteStatus {
  const end = reader.end();
  let code = 0;
  let message = "";
  while (reader.at < end) {
    const tag = reader.varint();
    if (tag === 8) code = reader.varint();
    else if (tag === 18) message = reader.text();
    else reader.skip(tag);
  }
  return { code, message };
}
