import type { Reader, Writer } from "protobufjs";
import type { Timestamp } from "../value/timestamp.ts";
import type { MapValue, Value } from "../value/value.ts";
import { readMapEntry, timestampCodec, writeEntries, type MessageCodec } from "./value-codec.ts";

/** A `google.firestore.v1.Document`: in requests without times. */
export interface DocumentMessage {
  readonly name: string;
  readonly fields: MapValue;
  readonly createTime?: Timestamp | undefined;
  readonly updateTime?: Timestamp | undefined;
}

function readDocument(reader: Reader, length?: number): DocumentMessage {
  const fields = new Map<string, Value>();
  let name = "";
  let createTime: Timestamp | undefined;
  let updateTime: Timestamp | undefined;
  const end = length === undefined ? reader.len : reader.pos + length;
  if (end > reader.len) throw new RangeError("index out of range");
  while (reader.pos < end) {
    const tag = reader.uint32();
    if (tag >>> 3 === 1) name = reader.string();
    else if (tag >>> 3 === 2) readMapEntry(reader, fields, 1);
    else if (tag >>> 3 === 3) createTime = timestampCodec.read(reader, reader.uint32());
    else if (tag >>> 3 === 4) updateTime = timestampCodec.read(reader, reader.uint32());
    else reader.skipType(tag & 7);
  }
  if (reader.pos > end) throw new RangeError("index out of range");
  return { name, fields, createTime, updateTime };
}

function writeDocument(document: DocumentMessage, writer: Writer): Writer {
  writer.uint32(10).string(document.name);
  writeEntries(document.fields, 18, writer);
  if (document.createTime) {
    timestampCodec.write(document.createTime, writer.uint32(26).fork()).ldelim();
  }
  if (document.updateTime) {
    timestampCodec.write(document.updateTime, writer.uint32(34).fork()).ldelim();
  }
  return writer;
}

export const documentCodec: MessageCodec<DocumentMessage> = {
  read: readDocument,
  write: writeDocument,
};
