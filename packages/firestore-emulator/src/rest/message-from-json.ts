import Long from "long";
import protobuf from "protobufjs";
import { maxNesting } from "../protocol/value-codec.ts";
import { invalidArgument } from "../rpc-error.ts";
import { originalName, type JsonPlace } from "./json-place.ts";
import { alreadySet, invalidValue, unknownName } from "./json-problem.ts";
import {
  booleanFromJson,
  bytesFromJson,
  doubleFromJson,
  int32FromJson,
  int64FromJson,
  stringFromJson,
} from "./json-scalars.ts";
import { isJsonArray, type JsonValue } from "./json-text.ts";
import { timestampFromJson } from "./json-time.ts";
import {
  arrayFromJson,
  documentFromJson,
  mapFromJson,
  objectOf,
  valueFromJson,
} from "./value-from-json.ts";

type Read = (json: JsonValue, place: JsonPlace) => unknown;

/** Messages that have a form of their own, in JSON or in this server. */
const ownForms = new Map<string, Read>([
  [".google.firestore.v1.Value", (json, place) => valueFromJson(json, place)],
  [".google.firestore.v1.ArrayValue", (json, place) => arrayFromJson(json, place)],
  [".google.firestore.v1.MapValue", (json, place) => mapFromJson(json, place)],
  [".google.firestore.v1.Document", documentFromJson],
  [".google.protobuf.Timestamp", timestampFromJson],
  [".google.protobuf.DoubleValue", (json, place) => ({ value: doubleFromJson(json, place) })],
  [".google.protobuf.Int32Value", (json, place) => ({ value: int32FromJson(json, place) })],
  [".google.protobuf.Int64Value", (json, place) => ({ value: longFromJson(json, place) })],
]);

const scalars: Readonly<Record<string, Read>> = {
  bool: booleanFromJson,
  bytes: bytesFromJson,
  double: doubleFromJson,
  int32: int32FromJson,
  int64: longFromJson,
  string: stringFromJson,
};

/**
 * Reads a message as protobufjs would have it from the wire, with values, documents and times in this server's own form.
 *
 * @throws {RpcError} INVALID_ARGUMENT when a field is unknown, or its value does not fit.
 */
export function messageFromJson(
  type: protobuf.Type,
  json: JsonValue,
  place: JsonPlace,
  depth = 0,
): object {
  if (depth > maxNesting) throw invalidArgument("Maximum nesting depth exceeded.");
  const object = objectOf(json, place, type.fullName.slice(1));
  const message = type.create();
  const fields = fieldsOf(type);
  const chosen = new Set<string>();
  for (const key of Object.keys(object)) {
    const field = fields.get(key);
    if (!field) throw unknownName(place, key);
    const given = object[key] ?? null;
    // A null is a field that is not set.
    if (given === null) continue;
    if (field.partOf) {
      if (chosen.has(field.partOf.name)) throw alreadySet(place, field.partOf.name, key);
      chosen.add(field.partOf.name);
    }
    Object.assign(message, { [field.name]: fieldFromJson(field, given, place.field(key), depth) });
  }
  return message;
}

const knownFields = new WeakMap<protobuf.Type, ReadonlyMap<string, protobuf.Field>>();

/** The fields of a message under both names that they have in JSON. */
export function fieldsOf(type: protobuf.Type): ReadonlyMap<string, protobuf.Field> {
  const known = knownFields.get(type);
  if (known) return known;
  const fields = new Map(
    type.fieldsArray.flatMap((field): [string, protobuf.Field][] => [
      [field.name, field],
      [originalName(field.name), field],
    ]),
  );
  knownFields.set(type, fields);
  return fields;
}

function fieldFromJson(
  field: protobuf.Field,
  json: JsonValue,
  place: JsonPlace,
  depth: number,
): unknown {
  if (field instanceof protobuf.MapField) {
    const object = objectOf(json, place, "map");
    return Object.fromEntries(
      Object.keys(object).map((key, index) => [
        key,
        oneFromJson(field, object[key] ?? null, place.item(index), depth),
      ]),
    );
  }
  if (!field.repeated) return oneFromJson(field, json, place, depth);
  if (!isJsonArray(json)) throw invalidValue(place, "list", json);
  return json.map((item, index) => oneFromJson(field, item, place.item(index), depth));
}

function oneFromJson(
  field: protobuf.Field,
  json: JsonValue,
  place: JsonPlace,
  depth: number,
): unknown {
  const { resolvedType } = field;
  if (resolvedType instanceof protobuf.Enum) return enumFromJson(resolvedType, json, place);
  if (resolvedType) {
    const own = ownForms.get(resolvedType.fullName);
    return own ? own(json, place) : messageFromJson(resolvedType, json, place, depth + 1);
  }
  const read = scalars[field.type];
  if (!read) throw new Error(`No request has a field of type ${field.type}.`);
  return read(json, place);
}

function enumFromJson({ values, fullName }: protobuf.Enum, json: JsonValue, place: JsonPlace) {
  if (typeof json === "string" && Object.hasOwn(values, json)) return values[json];
  const isNumber = typeof json === "number" || (typeof json === "string" && /^\d+$/u.test(json));
  if (isNumber) return int32FromJson(json, place);
  throw invalidValue(place, `type.googleapis.com/${fullName.slice(1)}`, json);
}

function longFromJson(json: JsonValue, place: JsonPlace): Long {
  return Long.fromString(int64FromJson(json, place).toString());
}
