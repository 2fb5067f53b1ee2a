import type { DocumentMessage } from "../protocol/document-codec.ts";
import { GeoPoint } from "../value/geo-point.ts";
import { Reference } from "../value/reference.ts";
import { Timestamp } from "../value/timestamp.ts";
import type { MapValue, Value } from "../value/value.ts";
import { bytesToJson, doubleToJson } from "./json-scalars.ts";
import type { JsonObject, JsonValue } from "./json-text.ts";
import { timestampToJson } from "./json-time.ts";

/** A `google.firestore.v1.Value` in JSON: `{"integerValue": "1"}`. */
export function valueToJson(value: Value): JsonObject {
  if (typeof value === "string") return { stringValue: value };
  if (typeof value === "bigint") return { integerValue: value.toString() };
  if (typeof value === "number") return { doubleValue: doubleToJson(value) };
  if (typeof value === "boolean") return { booleanValue: value };
  if (value === null) return { nullValue: null };
  if (value instanceof Map) return { mapValue: mapToJson(value) };
  if (value instanceof Timestamp) return { timestampValue: timestampToJson(value) };
  if (value instanceof Uint8Array) return { bytesValue: bytesToJson(value) };
  if (value instanceof Reference) return { referenceValue: value.name };
  if (value instanceof GeoPoint) return { geoPointValue: geoPointToJson(value) };
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- `Array.isArray` does not know readonly arrays.
  return { arrayValue: arrayToJson(value as readonly Value[]) };
}

/** A `map<string, Value>` in JSON. */
export function entriesToJson(map: MapValue): JsonObject {
  // A plain object takes a key `__proto__` for something else.
  const object: Record<string, JsonValue> = Object.create(null);
  for (const [key, value] of map) object[key] = valueToJson(value);
  return object;
}

/** A `google.firestore.v1.ArrayValue` in JSON. */
export function arrayToJson(values: readonly Value[]): JsonObject {
  return values.length === 0 ? {} : { values: values.map(valueToJson) };
}

/** A `google.firestore.v1.MapValue` in JSON. */
export function mapToJson(map: MapValue): JsonObject {
  return map.size === 0 ? {} : { fields: entriesToJson(map) };
}

/** A `google.firestore.v1.Document` in JSON. */
export function documentToJson(document: DocumentMessage): JsonObject {
  return {
    name: document.name,
    ...(document.fields.size > 0 && { fields: entriesToJson(document.fields) }),
    ...(document.createTime && { createTime: timestampToJson(document.createTime) }),
    ...(document.updateTime && { updateTime: timestampToJson(document.updateTime) }),
  };
}

function geoPointToJson({ latitude, longitude }: GeoPoint): JsonObject {
  return { latitude: doubleToJson(latitude), longitude: doubleToJson(longitude) };
}
