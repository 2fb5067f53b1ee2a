import Long from "long";
import type { Reader, Writer } from "protobufjs";
import { invalidArgument } from "../rpc-error.ts";
import { GeoPoint } from "../value/geo-point.ts";
import { Reference } from "../value/reference.ts";
import { Timestamp } from "../value/timestamp.ts";
import { type MapValue, type Value } from "../value/value.ts";

/** How deep a message may nest before it is refused without being read further. Values of documents may have 20 levels. */
export const maxNesting = 100;

/** What is read of a length-delimited message: `read` is called with each field's number and wire type until its end. */
function readFields(
  reader: Reader,
  length: number | undefined,
  read: (field: number, wireType: number) => void,
): void {
  const end = length === undefined ? reader.len : reader.pos + length;
  if (end > reader.len) throw new RangeError("index out of range");
  while (reader.pos < end) {
    const tag = reader.uint32();
    read(tag >>> 3, tag & 7);
  }
  if (reader.pos > end) throw new RangeError("index out of range");
}

/** The int64 at the reader's place. */
export function readInt64(reader: Reader): bigint {
  const long = reader.int64();
  return typeof long === "number"
    ? BigInt(long)
    : (BigInt(long.high) << 32n) | BigInt(long.low >>> 0);
}

function longOf(value: bigint): Long {
  return new Long(Number(BigInt.asIntN(32, value)), Number(BigInt.asIntN(32, value >> 32n)), false);
}

/** Reads a `google.firestore.v1.Value`. @throws {RpcError} INVALID_ARGUMENT when it has no value, or nests too deep. */
export function readValue(reader: Reader, length?: number, depth = 0): Value {
  if (depth > maxNesting) throw invalidArgument("Maximum nesting depth exceeded.");
  let value: Value | undefined;
  readFields(reader, length, (field, wireType) => {
    value = readValueField(reader, field, wireType, depth) ?? (isNullField(field) ? null : value);
  });
  if (value === undefined) throw invalidArgument("Value is missing its value_type.");
  return value;
}

function isNullField(field: number): boolean {
  return field === 11;
}

function readValueField(
  reader: Reader,
  field: number,
  wireType: number,
  depth: number,
): Value | undefined {
  switch (field) {
    case 1:
      return reader.bool();
    case 2:
      return readInt64(reader);
    case 3:
      return reader.double();
    case 5:
      return new Reference(reader.string());
    case 6:
      return readMap(reader, reader.uint32(), depth + 1);
    case 8:
      return readGeoPoint(reader, reader.uint32());
    case 9:
      return readArray(reader, reader.uint32(), depth + 1);
    case 10:
      return readTimestamp(reader, reader.uint32());
    case 11:
      reader.int32();
      return undefined;
    case 17:
      return reader.string();
    case 18:
      return Uint8Array.from(reader.bytes());
    case 19:
    case 20:
    case 21:
    case 22:
      throw invalidArgument("Pipeline values are not allowed in documents and queries.");
    default:
      reader.skipType(wireType);
      return undefined;
  }
}

function readTimestamp(reader: Reader, length?: number): Timestamp {
  let seconds = 0;
  let nanos = 0;
  readFields(reader, length, (field, wireType) => {
    if (field === 1) seconds = Number(readInt64(reader));
    else if (field === 2) nanos = reader.int32();
    else reader.skipType(wireType);
  });
  return new Timestamp(seconds, nanos);
}

function readGeoPoint(reader: Reader, length?: number): GeoPoint {
  let latitude = 0;
  let longitude = 0;
  readFields(reader, length, (field, wireType) => {
    if (field === 1) latitude = reader.double();
    else if (field === 2) longitude = reader.double();
    else reader.skipType(wireType);
  });
  return new GeoPoint(latitude, longitude);
}

function readArray(reader: Reader, length?: number, depth = 0): Value[] {
  const values: Value[] = [];
  readFields(reader, length, (field, wireType) => {
    if (field === 1) values.push(readValue(reader, reader.uint32(), depth));
    else reader.skipType(wireType);
  });
  return values;
}

function readMap(reader: Reader, length?: number, depth = 0): MapValue {
  const map = new Map<string, Value>();
  readFields(reader, length, (field, wireType) => {
    if (field === 1) readMapEntry(reader, map, depth);
    else reader.skipType(wireType);
  });
  return map;
}

/** One entry of a `map<string, Value>`. */
export function readMapEntry(reader: Reader, into: Map<string, Value>, depth = 0): void {
  let key = "";
  let value: Value | undefined;
  readFields(reader, reader.uint32(), (field, wireType) => {
    if (field === 1) key = sharedKey(reader.string());
    else if (field === 2) value = readValue(reader, reader.uint32(), depth);
    else reader.skipType(wireType);
  });
  if (value === undefined) throw invalidArgument("Value is missing its value_type.");
  into.set(key, value);
}

const sharedKeys = new Map<string, string>();
const maxSharedKeys = 4096;

/** The names of fields come with every document: those that came first are kept once for all. */
function sharedKey(key: string): string {
  const shared = sharedKeys.get(key);
  if (shared !== undefined) return shared;
  if (sharedKeys.size < maxSharedKeys) sharedKeys.set(key, key);
  return key;
}

/** Writes a `google.firestore.v1.Value`. */
export function writeValue(value: Value, writer: Writer): Writer {
  if (typeof value === "string") return writer.uint32(138).string(value);
  if (typeof value === "bigint") return writer.uint32(16).int64(longOf(value));
  if (typeof value === "number") return writer.uint32(25).double(value);
  if (typeof value === "boolean") return writer.uint32(8).bool(value);
  return value === null ? writer.uint32(88).int32(0) : writeObject(value, writer);
}

function writeObject(
  value: Exclude<Value, null | boolean | bigint | number | string>,
  writer: Writer,
): Writer {
  if (value instanceof Map) return writeMap(value, writer.uint32(50).fork()).ldelim();
  if (value instanceof Timestamp) return writeTimestamp(value, writer.uint32(82).fork()).ldelim();
  if (value instanceof Uint8Array) return writer.uint32(146).bytes(value);
  if (value instanceof Reference) return writer.uint32(42).string(value.name);
  if (value instanceof GeoPoint) return writeGeoPoint(value, writer.uint32(66).fork()).ldelim();
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- `Array.isArray` does not know readonly arrays.
  return writeArray(value as readonly Value[], writer.uint32(74).fork()).ldelim();
}

function writeTimestamp(value: Timestamp, writer: Writer): Writer {
  if (value.seconds !== 0) writer.uint32(8).int64(value.seconds);
  if (value.nanos !== 0) writer.uint32(16).int32(value.nanos);
  return writer;
}

function writeGeoPoint(value: GeoPoint, writer: Writer): Writer {
  return writer.uint32(9).double(value.latitude).uint32(17).double(value.longitude);
}

function writeArray(values: readonly Value[], writer: Writer): Writer {
  for (const value of values) writeValue(value, writer.uint32(10).fork()).ldelim();
  return writer;
}

function writeMap(map: MapValue, writer: Writer): Writer {
  return writeEntries(map, 10, writer);
}

/** The entries of a `map<string, Value>` whose field has this tag. */
export function writeEntries(map: MapValue, tag: number, writer: Writer): Writer {
  for (const [key, value] of map) {
    writer.uint32(tag).fork().uint32(10).string(key);
    writeValue(value, writer.uint32(18).fork()).ldelim().ldelim();
  }
  return writer;
}

/** A message's own reading and writing, in place of what protobufjs makes of its description. */
export interface MessageCodec<T> {
  read(reader: Reader, length?: number): T;
  write(message: T, writer: Writer): Writer;
}

export const valueCodec: MessageCodec<Value> = { read: readValue, write: writeValue };
export const arrayCodec: MessageCodec<readonly Value[]> = { read: readArray, write: writeArray };
export const mapCodec: MessageCodec<MapValue> = { read: readMap, write: writeMap };
export const timestampCodec: MessageCodec<Timestamp> = {
  read: readTimestamp,
  write: writeTimestamp,
};
