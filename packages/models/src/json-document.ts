import type {
  DocumentTypes,
  FirestoreGeoPoint,
  FirestoreReference,
  FirestoreTimestamp,
  FirestoreVector,
} from "./document-types.ts";
import {
  isRawJson,
  jsonFromText,
  jsonNull,
  jsonToText,
  setOwn,
  toJson,
  type Json,
} from "./json.ts";
import { firestoreTimeOf, timestampInput, timestampOfFirestore } from "./time-input.ts";
import { nameOfValue, ValueProblem } from "./value-problem.ts";

// JSON data and Firestore's values are not the same sets, and the mapping between them is one to one all the same:
//
//   Firestore only, as JSON:    {"$timestamp": "2026-…Z"}  {"$bytes": "<base64>"}  {"$geopoint": [lat, lng]}
//                               {"$reference": "a/b"}  {"$vector": [1, "NaN"]}  {"$double": "NaN"}
//   a map of a document whose only key starts with "$":  that key gets one more "$"
//   JSON only, as a document:   {"$json": "<its text>"}
//
// What may stand in "$json" is only what cannot be written otherwise, and is decided by looking at it (`mustWrap`).

const minInt64 = -(2n ** 63n);
const maxInt64 = 2n ** 63n - 1n;
/** Firestore takes 20 levels of maps and arrays: the last one, counted from 0. */
const lastDepth = 19;
/** So many levels are read of what is no document of Firestore. */
const maxReadDepth = 1000;
const loneSurrogate = /\p{Surrogate}/u;

/** Where in a document a value stands. */
export interface Position {
  readonly depth: number;
  readonly inArray: boolean;
  /** It is all of a column's value (or of an element's), where SQL's NULL and the JSON value null are two things. */
  readonly isWhole?: true;
}

/** The value of a field. */
const top: Position = { depth: 0, inArray: false, isWhole: true };

/** A Firestore value of JSON data. `jsonNull` is `{"$json": "null"}`, because a field that is null is SQL's NULL. */
export function documentOfJson(
  value: unknown,
  types: DocumentTypes,
  position: Position = top,
): unknown {
  return new Writer(types).write(toJson(value), position);
}

class Writer {
  readonly #types: DocumentTypes;

  constructor(types: DocumentTypes) {
    this.#types = types;
  }

  write(value: Json, position: Position): unknown {
    if (mustWrap(value, position)) return { $json: jsonToText(value, "json") };
    if (typeof value !== "object" || value === null || isRawJson(value)) return value;
    if (Array.isArray(value)) {
      return value.map((item: Json) =>
        this.write(item, { depth: position.depth + 1, inArray: true }),
      );
    }
    const [key, ...others] = Object.keys(value);
    if (others.length === 0 && key?.startsWith("$") === true) {
      const content: unknown = Object.values(value)[0];
      if (!key.startsWith("$$")) return nativeOf(key, content, this.#types);
      return this.#writeMap([[key.slice(1), Object.values(value)[0] ?? null]], position);
    }
    return this.#writeMap(Object.entries(value), position);
  }

  #writeMap(entries: readonly (readonly [string, Json])[], position: Position): unknown {
    const map: Record<string, unknown> = {};
    for (const [key, part] of entries) {
      setOwn(map, key, this.write(part, { depth: position.depth + 1, inArray: false }));
    }
    return map;
  }
}

/** Whether a document can hold JSON data only as a text. Looks no deeper than at the keys of an object. */
function mustWrap(value: Json, position: Position): boolean {
  switch (typeof value) {
    case "bigint":
      return value < minInt64 || value > maxInt64;
    case "string":
      return loneSurrogate.test(value);
    case "object":
      if (value === null) return false;
      if (isRawJson(value)) return true;
      if (Array.isArray(value) ? position.inArray : hasHardKey(value)) return true;
      if ("$$json" in value && isLikeWrapped(value, position)) return true;
      return position.depth >= lastDepth && Object.values(value).some(needsDepth);
    case "number":
      return Object.is(value, -0);
    case "boolean":
    case "function":
    case "symbol":
    case "undefined":
    default:
      return false;
  }
}

/** Whether JSON data becomes a map or an array. */
function needsDepth(value: Json): boolean {
  if (typeof value !== "object" || value === null) return mustWrap(value, top);
  const [key = "", ...others] = Object.keys(value);
  return others.length > 0 || nativeOf(key, Object.values(value)[0]) === undefined;
}

function hasHardKey(value: object): boolean {
  const keys = Object.keys(value);
  const [key = ""] = keys;
  if (keys.length === 1 && key.startsWith("$")) {
    return key.startsWith("$$")
      ? isHardKey(key.slice(1))
      : nativeOf(key, Object.values(value)[0]) === undefined;
  }
  return keys.some(isHardKey);
}

/** Whether the map that the object would become is what stands for other data: `{"$$json": "[[1]]"}` in an array. */
function isLikeWrapped(value: object, position: Position): boolean {
  const [content, ...others]: readonly unknown[] = Object.values(value);
  return others.length === 0 && unwrap(content, position) !== undefined;
}

/** Firestore refuses an empty field name, `__x__`, and more than 1,500 bytes. */
function isHardKey(key: string): boolean {
  return (
    key === "" || /^__.*__$/s.test(key) || loneSurrogate.test(key) || Buffer.byteLength(key) > 1500
  );
}

/** Only asks whether it could be made. */
const probe: DocumentTypes = {
  timestamp: () => true,
  bytes: () => true,
  geoPoint: () => true,
  reference: () => true,
  vector: () => true,
};

const canonicalTimestamp = timestampInput("timestamptz", undefined);

/** The Firestore value that `{[key]: content}` stands for; undefined when it stands for itself. */
function nativeOf(key: string, content: unknown, types: DocumentTypes = probe): unknown {
  switch (key) {
    case "$timestamp": {
      if (typeof content !== "string" || !isCanonicalTimestamp(content)) return undefined;
      const time = firestoreTimeOf(content);
      return time && types.timestamp(time.seconds, time.nanoseconds);
    }
    case "$bytes": {
      if (typeof content !== "string") return undefined;
      const bytes = Buffer.from(content, "base64");
      return bytes.toString("base64") === content ? types.bytes(new Uint8Array(bytes)) : undefined;
    }
    case "$geopoint": {
      const [latitude = Number.NaN, longitude = Number.NaN, ...rest] = numbersOf(content) ?? [];
      if (rest.length > 0) return undefined;
      const isPlace = Math.abs(latitude) <= 90 && Math.abs(longitude) <= 180;
      return isPlace ? types.geoPoint(latitude, longitude) : undefined;
    }
    case "$reference":
      return typeof content === "string" && isDocumentPath(content)
        ? types.reference(content)
        : undefined;
    case "$vector": {
      const numbers = numbersOf(content);
      return numbers && types.vector(numbers);
    }
    case "$double":
      return typeof content === "string" ? doubleOf(content) : undefined;
    default:
      return undefined;
  }
}

function isCanonicalTimestamp(text: string): boolean {
  try {
    return canonicalTimestamp(text) === text;
  } catch {
    return false;
  }
}

/** Whether JSON has no such number, or would make an integer of 64 bits of it. */
function isDoubleOnly(value: number): boolean {
  return (
    Object.is(value, -0) ||
    !Number.isFinite(value) ||
    (Number.isInteger(value) && !Number.isSafeInteger(value))
  );
}

const textOfDouble = (value: number): string => (Object.is(value, -0) ? "-0" : String(value));

/** The number of a text that {@link textOfDouble} printed because JSON has no such number. */
function doubleOf(text: string): number | undefined {
  const value = Number(text);
  return isDoubleOnly(value) && textOfDouble(value) === text ? value : undefined;
}

function numbersOf(content: unknown): readonly number[] | undefined {
  if (!Array.isArray(content)) return undefined;
  const numbers = content.map((item: unknown) => {
    if (typeof item === "string") return doubleOf(item);
    return typeof item === "number" && !isDoubleOnly(item) ? item : undefined;
  });
  return numbers.includes(undefined) ? undefined : numbers.filter((item) => item !== undefined);
}

const jsonOfNumber = (value: number): number | string =>
  isDoubleOnly(value) ? textOfDouble(value) : value;

/** Whether a text is the path of a document: an even number of names. */
function isDocumentPath(path: string): boolean {
  const names = path.split("/");
  return names.length % 2 === 0 && !names.includes("") && !loneSurrogate.test(path);
}

/** The JSON data of a Firestore value. @throws {ValueProblem} for what no document holds */
export function jsonOfDocument(value: unknown, position: Position = top): Json {
  return readDocument(value, position);
}

function readDocument(value: unknown, position: Position): Json {
  switch (typeof value) {
    case "string":
    case "boolean":
      return value;
    case "bigint":
      return toJson(value);
    case "number":
      return isDoubleOnly(value) ? { $double: textOfDouble(value) } : value;
    case "object":
      return value === null ? null : readObject(value, position);
    case "function":
    case "symbol":
    case "undefined":
    default:
      throw new ValueProblem(
        "wrong_type",
        `is not a value of Firestore, but ${nameOfValue(value)}`,
      );
  }
}

function readObject(value: object, position: Position): Json {
  // Firestore takes 20 levels; what is deeper came from elsewhere, and may contain itself.
  if (position.depth > maxReadDepth) throw new ValueProblem("wrong_format", "is nested too deeply");
  if (Array.isArray(value)) {
    return value.map((item: unknown) =>
      readDocument(item, { depth: position.depth + 1, inArray: true }),
    );
  }
  if (!isPlain(value)) return readNative(value);
  const keys = Object.keys(value);
  const [key = ""] = keys;
  if (keys.length === 1 && key.startsWith("$")) {
    const content: unknown = Object.values(value)[0];
    const wrapped = key === "$json" ? unwrap(content, position) : undefined;
    if (wrapped !== undefined) return wrapped;
    return { [`$${key}`]: readDocument(content, { depth: position.depth + 1, inArray: false }) };
  }
  const data: Record<string, Json> = {};
  for (const [name, part] of Object.entries(value)) {
    setOwn(data, name, readDocument(part, { depth: position.depth + 1, inArray: false }));
  }
  return data;
}

/** The data of `{"$json": text}`, if it is what {@link documentOfJson} would make of it. */
function unwrap(text: unknown, position: Position): Json | undefined {
  if (typeof text !== "string") return undefined;
  try {
    const parsed = jsonFromText(text);
    const data = parsed === jsonNull && position.isWhole !== true ? null : parsed;
    return mustWrap(data, position) && jsonToText(data, "json") === text ? data : undefined;
  } catch {
    return undefined;
  }
}

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

/** The JSON of an object of an SDK, known by its shape. */
function readNative(value: object): Json {
  if (isTimestamp(value)) return { $timestamp: timestampOfFirestore(value, "Z") };
  const bytes = bytesOf(value);
  if (bytes !== undefined) return { $bytes: Buffer.from(bytes).toString("base64") };
  if (isGeoPoint(value)) return { $geopoint: [value.latitude, value.longitude].map(jsonOfNumber) };
  if (isVector(value)) return { $vector: value.toArray().map(jsonOfNumber) };
  if (isReference(value)) return { $reference: value.path };
  if (value instanceof Date) {
    const millis = value.getTime();
    const seconds = Math.floor(millis / 1000);
    return {
      $timestamp: timestampOfFirestore(
        { seconds, nanoseconds: (millis - seconds * 1000) * 1e6 },
        "Z",
      ),
    };
  }
  throw new ValueProblem("wrong_type", "is an object that is not a value of Firestore");
}

/** Whether an object is a Timestamp of a Firestore SDK. */
export function isTimestamp(value: object): value is FirestoreTimestamp {
  return (
    "seconds" in value &&
    typeof value.seconds === "number" &&
    "nanoseconds" in value &&
    typeof value.nanoseconds === "number"
  );
}

function isGeoPoint(value: object): value is FirestoreGeoPoint {
  return (
    "latitude" in value &&
    typeof value.latitude === "number" &&
    "longitude" in value &&
    typeof value.longitude === "number"
  );
}

/** Whether an object is a vector of a Firestore SDK. */
export function isVector(value: object): value is FirestoreVector {
  return "toArray" in value && typeof value.toArray === "function";
}

function isReference(value: object): value is FirestoreReference {
  return "path" in value && typeof value.path === "string";
}

/** The bytes of a `Uint8Array`, a `Buffer` or a `Bytes` of the web SDK. */
export function bytesOf(value: object): Uint8Array | undefined {
  if (value instanceof Uint8Array) return new Uint8Array(value);
  if (!("toUint8Array" in value) || typeof value.toUint8Array !== "function") return undefined;
  const bytes: unknown = value.toUint8Array();
  return bytes instanceof Uint8Array ? bytes : undefined;
}
