import protobuf from "protobufjs";
import type { DocumentMessage } from "../protocol/document-codec.ts";
import type { Struct, StructValue } from "../protocol/messages.ts";
import type { Timestamp } from "../value/timestamp.ts";
import type { MapValue, Value } from "../value/value.ts";
import { bytesToJson, doubleToJson } from "./json-scalars.ts";
import type { JsonObject, JsonValue } from "./json-text.ts";
import { durationToJson, timestampToJson } from "./json-time.ts";
import { arrayToJson, documentToJson, mapToJson, valueToJson } from "./value-to-json.ts";

/* oxlint-disable typescript/no-unsafe-type-assertion -- the type of a field is known by its name only. */

type Write = (value: unknown) => JsonValue;

/** Messages that have a form of their own, in JSON or in this server. */
const ownForms = new Map<string, Write>([
  [".google.firestore.v1.Value", (value) => valueToJson(value as Value)],
  [".google.firestore.v1.ArrayValue", (value) => arrayToJson(value as readonly Value[])],
  [".google.firestore.v1.MapValue", (value) => mapToJson(value as MapValue)],
  [".google.firestore.v1.Document", (value) => documentToJson(value as DocumentMessage)],
  [".google.protobuf.Timestamp", (value) => timestampToJson(value as Timestamp)],
  [".google.protobuf.Duration", (value) => durationToJson(value as Timestamp)],
  [".google.protobuf.Struct", (value) => structToJson(value as Struct)],
]);

const scalars: Readonly<Record<string, Write>> = {
  bytes: (value) => bytesToJson(value as Uint8Array),
  double: (value) => doubleToJson(value as number),
  int64: (value) => String(value),
};

/** Writes a message as the protocol has it in JSON: without the fields that have the value they have when not set. */
export function messageToJson(type: protobuf.Type, message: object): JsonObject {
  const own = ownForms.get(type.fullName);
  if (own) return own(message) as JsonObject;
  const json: Record<string, JsonValue> = {};
  for (const field of type.fieldsArray) {
    const value: unknown = Reflect.get(message, field.name);
    if (!isUnset(field, value)) json[field.name] = fieldToJson(field, value);
  }
  return json;
}

function isUnset(field: protobuf.Field, value: unknown): boolean {
  if (value === undefined) return true;
  if (field instanceof protobuf.MapField) return Object.keys(value as object).length === 0;
  if (field.repeated) return (value as readonly unknown[]).length === 0;
  if (field.partOf || field.resolvedType instanceof protobuf.Type) return false;
  if (value instanceof Uint8Array) return value.length === 0;
  return value === "" || value === 0 || value === false;
}

function fieldToJson(field: protobuf.Field, value: unknown): JsonValue {
  if (field instanceof protobuf.MapField) {
    return Object.fromEntries(
      Object.entries(value as object).map(([key, item]) => [key, oneToJson(field, item)]),
    );
  }
  return field.repeated
    ? (value as readonly unknown[]).map((item) => oneToJson(field, item))
    : oneToJson(field, value);
}

function oneToJson({ resolvedType, type }: protobuf.Field, value: unknown): JsonValue {
  if (resolvedType instanceof protobuf.Type) {
    const own = ownForms.get(resolvedType.fullName);
    return own ? own(value) : messageToJson(resolvedType, value as object);
  }
  return scalars[type]?.(value) ?? (value as JsonValue);
}

function structToJson({ fields }: Struct): JsonObject {
  return Object.fromEntries(
    Object.entries(fields).map(([name, value]) => [name, structValueToJson(value)]),
  );
}

function structValueToJson(value: StructValue): JsonValue {
  if ("stringValue" in value) return value.stringValue;
  if ("numberValue" in value) return doubleToJson(value.numberValue);
  return "boolValue" in value ? value.boolValue : structToJson(value.structValue);
}
