import { GeoPoint } from "../value/geo-point.ts";
import { Reference } from "../value/reference.ts";
import type { MapValue, Value } from "../value/value.ts";
import { parseTimeText } from "./time-text.ts";

/** Turns what a reference is written as into the full name of a document. */
export type NameOfReference = (text: string) => string;

/** Where a value is, for messages, and how references are read. */
interface Place {
  readonly path: string;
  readonly depth: number;
  readonly nameOf: NameOfReference;
}

/** Deeper than documents may be, and not as deep as to exhaust the stack. */
const maxDepth = 100;

/**
 * The fields of a document from JSON, see `encodeNdjsonValue`.
 * @throws {TypeError} that names the field and what is wrong with it.
 */
export function decodeNdjsonFields(json: unknown, nameOf: NameOfReference): MapValue {
  return decodeEntries(json, { path: "fields", depth: 0, nameOf });
}

function decodeEntries(json: unknown, place: Place): MapValue {
  if (!isObject(json)) throw wrong(place, "must be an object");
  return new Map(
    Object.entries(json).map(([key, value]) => [key, decodeValue(value, below(place, `.${key}`))]),
  );
}

function decodeValue(json: unknown, place: Place): Value {
  if (place.depth > maxDepth) throw wrong(place, "is nested too deep");
  if (json === null || typeof json === "boolean" || typeof json === "string") return json;
  if (Array.isArray(json)) {
    return json.map((element, index) => decodeValue(element, below(place, `[${index}]`)));
  }
  if (typeof json === "number") {
    throw wrong(place, `is a number without a type: write {"i":"${json}"} or {"d":${json}}`);
  }
  if (!isObject(json)) throw wrong(place, "is no value");
  const [entry, ...more] = Object.entries(json);
  if (!entry || more.length > 0) {
    throw wrong(place, 'must have one key that says the type; a map is {"m":{…}}');
  }
  return decodeTagged(entry[0], entry[1], place);
}

function decodeTagged(tag: string, json: unknown, place: Place): Value {
  switch (tag) {
    case "i":
      return decodeInt64(json, place);
    case "d":
      return decodeDouble(json, place);
    case "t":
      return (
        (typeof json === "string" ? parseTimeText(json) : undefined) ??
        fail(place, 'must be a time such as {"t":"2026-01-02T03:04:05.678901Z"}')
      );
    case "b":
      return decodeBytes(json, place);
    case "r":
      if (typeof json !== "string")
        throw wrong(place, 'must be a reference such as {"r":"clients/1"}');
      return new Reference(place.nameOf(json));
    case "g":
      return decodePoint(json, place);
    case "v":
      if (!Array.isArray(json)) throw wrong(place, 'must be a vector such as {"v":[1,2]}');
      return new Map<string, Value>([
        ["__type__", "__vector__"],
        ["value", json.map((each, index) => decodeDouble(each, below(place, `[${index}]`)))],
      ]);
    case "m":
      return decodeEntries(json, place);
    default:
      throw wrong(
        place,
        `has the type ${JSON.stringify(tag)}, which does not exist; a map is {"m":{…}}`,
      );
  }
}

function decodeInt64(json: unknown, place: Place): bigint {
  const text = Number.isSafeInteger(json) ? String(json) : json;
  if (typeof text === "string" && /^-?\d{1,19}$/u.test(text)) {
    const value = BigInt(text);
    if (BigInt.asIntN(64, value) === value) return value;
  }
  throw wrong(place, 'must be an int64 such as {"i":"1"}');
}

const specialDoubles: ReadonlyMap<unknown, number> = new Map([
  ["NaN", NaN],
  ["Infinity", Infinity],
  ["-Infinity", -Infinity],
  ["-0", -0],
]);

function decodeDouble(json: unknown, place: Place): number {
  if (typeof json === "number") return json;
  return (
    specialDoubles.get(json) ??
    fail(place, 'must be a number, "NaN", "Infinity", "-Infinity" or "-0"')
  );
}

function decodeBytes(json: unknown, place: Place): Uint8Array {
  const bytes = Buffer.from(typeof json === "string" ? json : "?", "base64");
  if (bytes.toString("base64") !== json) throw wrong(place, 'must be base64 such as {"b":"AQI="}');
  return Uint8Array.from(bytes);
}

function decodePoint(json: unknown, place: Place): GeoPoint {
  if (!Array.isArray(json) || json.length !== 2) {
    throw wrong(place, 'must be latitude and longitude such as {"g":[52.5,13.4]}');
  }
  return new GeoPoint(decodeDouble(json[0], place), decodeDouble(json[1], place));
}

/** Whether it is a JSON object. */
export function isObject(json: unknown): json is Readonly<Record<string, unknown>> {
  return typeof json === "object" && json !== null && !Array.isArray(json);
}

function below(place: Place, step: string): Place {
  return { ...place, path: place.path + step, depth: place.depth + 1 };
}

function wrong({ path }: Place, what: string): TypeError {
  return new TypeError(`${path} ${what}`);
}

function fail(place: Place, what: string): never {
  throw wrong(place, what);
}
