import type { DocumentMessage } from "../protocol/document-codec.ts";
import { maxNesting } from "../protocol/value-codec.ts";
import { invalidArgument } from "../rpc-error.ts";
import { GeoPoint } from "../value/geo-point.ts";
import { Reference } from "../value/reference.ts";
import type { MapValue, Value } from "../value/value.ts";
import { originalName, type JsonPlace } from "./json-place.ts";
import { alreadySet, invalidValue, unknownName } from "./json-problem.ts";
import {
  booleanFromJson,
  bytesFromJson,
  doubleFromJson,
  int64FromJson,
  stringFromJson,
} from "./json-scalars.ts";
import { isJsonArray, isJsonObject, type JsonObject, type JsonValue } from "./json-text.ts";
import { timestampFromJson } from "./json-time.ts";

type ReadValue = (json: JsonValue, place: JsonPlace, depth: number) => Value;

const readers: Readonly<Record<string, ReadValue>> = {
  nullValue: nullFromJson,
  booleanValue: booleanFromJson,
  integerValue: int64FromJson,
  doubleValue: doubleFromJson,
  timestampValue: timestampFromJson,
  stringValue: stringFromJson,
  bytesValue: bytesFromJson,
  referenceValue: (json, place) => new Reference(stringFromJson(json, place)),
  geoPointValue: geoPointFromJson,
  arrayValue: arrayFromJson,
  mapValue: mapFromJson,
  fieldReferenceValue: pipelineValue,
  variableReferenceValue: pipelineValue,
  functionValue: pipelineValue,
  pipelineValue,
};

const readersByName = byEitherName(readers);

/** What the fields of a message are read by, under both names that they have in JSON. */
function byEitherName<T>(fields: Readonly<Record<string, T>>) {
  return new Map(
    Object.entries(fields).flatMap(([name, read]) => [
      [name, { name, read }],
      [originalName(name), { name, read }],
    ]),
  );
}

/** Reads a `google.firestore.v1.Value`. @throws {RpcError} INVALID_ARGUMENT when it has no value, or nests too deep. */
export function valueFromJson(json: JsonValue, place: JsonPlace, depth = 0): Value {
  if (depth > maxNesting) throw invalidArgument("Maximum nesting depth exceeded.");
  const object = objectOf(json, place, "google.firestore.v1.Value");
  let value: Value | undefined;
  for (const key of Object.keys(object)) {
    const reader = readersByName.get(key);
    if (!reader) throw unknownName(place, key);
    const given = object[key] ?? null;
    // A null is a field that is not set, except where null is its value.
    if (given === null && reader.name !== "nullValue") continue;
    if (value !== undefined) throw alreadySet(place, "value_type", key);
    value = reader.read(given, place.field(reader.name), depth);
  }
  if (value === undefined) throw invalidArgument("Value is missing its value_type.");
  return value;
}

/** Reads a `map<string, Value>`. */
export function entriesFromJson(json: JsonValue, place: JsonPlace, depth: number): MapValue {
  const object = objectOf(json, place, "map");
  return new Map(
    Object.keys(object).map((key, index) => [
      stringFromJson(key, place),
      valueFromJson(object[key] ?? null, place.item(index).field("value"), depth),
    ]),
  );
}

/** Reads a `google.firestore.v1.ArrayValue`. */
export function arrayFromJson(json: JsonValue, place: JsonPlace, depth = 0): readonly Value[] {
  const values = onlyField(json, place, "values");
  if (values === null) return [];
  if (!isJsonArray(values)) throw invalidValue(place.field("values"), "list", values);
  return values.map((value, index) =>
    valueFromJson(value, place.field("values").item(index), depth + 1),
  );
}

/** Reads a `google.firestore.v1.MapValue`. */
export function mapFromJson(json: JsonValue, place: JsonPlace, depth = 0): MapValue {
  const fields = onlyField(json, place, "fields");
  return fields === null ? new Map() : entriesFromJson(fields, place.field("fields"), depth + 1);
}

/** Reads a `google.firestore.v1.Document`. */
export function documentFromJson(json: JsonValue, place: JsonPlace): DocumentMessage {
  const object = objectOf(json, place, "google.firestore.v1.Document");
  let name = "";
  let fields: MapValue = new Map();
  let createTime;
  let updateTime;
  for (const key of Object.keys(object)) {
    const given = object[key] ?? null;
    const at = place.field(key);
    if (!["name", "fields", "createTime", "updateTime"].includes(camelName(key))) {
      throw unknownName(place, key);
    }
    if (given === null) continue;
    if (key === "name") name = stringFromJson(given, at);
    else if (key === "fields") fields = entriesFromJson(given, at, 1);
    else if (camelName(key) === "createTime") createTime = timestampFromJson(given, at);
    else updateTime = timestampFromJson(given, at);
  }
  return { name, fields, createTime, updateTime };
}

function camelName(name: string): string {
  return name.replace("_time", "Time");
}

/** The JSON as an object. @throws {RpcError} INVALID_ARGUMENT when it is something else. */
export function objectOf(json: JsonValue, place: JsonPlace, type: string): JsonObject {
  if (!isJsonObject(json)) throw invalidValue(place, `type.googleapis.com/${type}`, json);
  return json;
}

function onlyField(json: JsonValue, place: JsonPlace, name: string): JsonValue {
  const object = objectOf(json, place, "google.firestore.v1.Value");
  const other = Object.keys(object).find((key) => key !== name);
  if (other !== undefined) throw unknownName(place, other);
  return object[name] ?? null;
}

function nullFromJson(json: JsonValue, place: JsonPlace): null {
  if (json === null || json === "NULL_VALUE" || json === 0) return null;
  throw invalidValue(place, "type.googleapis.com/google.protobuf.NullValue", json);
}

function geoPointFromJson(json: JsonValue, place: JsonPlace): GeoPoint {
  const object = objectOf(json, place, "google.type.LatLng");
  const other = Object.keys(object).find((key) => key !== "latitude" && key !== "longitude");
  if (other !== undefined) throw unknownName(place, other);
  return new GeoPoint(
    doubleFromJson(object["latitude"] ?? 0, place.field("latitude")),
    doubleFromJson(object["longitude"] ?? 0, place.field("longitude")),
  );
}

function pipelineValue(): never {
  throw invalidArgument("Pipeline values are not allowed in documents and queries.");
}
