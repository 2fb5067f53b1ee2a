import { parseDocumentName } from "../name/resource-name.ts";
import { invalidArgument } from "../rpc-error.ts";
import { GeoPoint } from "../value/geo-point.ts";
import { Reference } from "../value/reference.ts";
import { Timestamp, truncateToMicros } from "../value/timestamp.ts";
import { isArray, isMap, type MapValue, type Value } from "../value/value.ts";

const maxNameBytes = 1500;
const maxNesting = 20;
/** Of one string or byte string. */
const maxValueBytes = 1_048_487;
const maxVectorDimensions = 2048;

/** Where a value is, for the texts and the limits: the field of the document, and how much surrounds it. */
interface Place {
  readonly field: string;
  /** Maps and arrays around it. */
  readonly depth: number;
  /** The bytes of the names that lead to it, with a dot between each. */
  readonly pathBytes: number;
}

/**
 * The fields as they are stored: timestamps without what is finer than a microsecond.
 *
 * @throws {RpcError} INVALID_ARGUMENT when a name or a value may not be in a document.
 */
export function checkFields(fields: MapValue): MapValue {
  const checked = new Map<string, Value>();
  for (const [name, value] of fields) {
    checkFieldName(name);
    checked.set(name, checkValue(value, { field: name, depth: 0, pathBytes: byteLength(name) }));
  }
  return checked;
}

/** A value that is to be put into a field, on its own. @throws {RpcError} INVALID_ARGUMENT */
export function checkFieldValue(field: string, value: Value): Value {
  return checkValue(value, { field, depth: 0, pathBytes: byteLength(field) });
}

/** @throws {RpcError} INVALID_ARGUMENT when no field at the top of a document may have that name. */
function checkFieldName(name: string): void {
  if (name === "") throw invalidArgument("The property.name is the empty string.");
  if (byteLength(name) > maxNameBytes) {
    throw invalidArgument("The property.name is longer than 1500 bytes.");
  }
  if (isReserved(name)) throw invalidArgument(`field name ${name} is reserved`);
}

/** Whether the name is one of those that Firestore keeps for itself. */
export function isReserved(name: string): boolean {
  return name.length > 4 && name.startsWith("__") && name.endsWith("__");
}

function byteLength(text: string): number {
  return Buffer.byteLength(text);
}

function checkValue(value: Value, place: Place): Value {
  if (typeof value === "string") checkLength(byteLength(value), place);
  if (typeof value !== "object" || value === null) return value;
  if (value instanceof Timestamp) return checkTimestamp(value);
  if (value instanceof Uint8Array) checkLength(value.length, place);
  if (value instanceof GeoPoint) checkGeoPoint(value);
  if (value instanceof Reference) checkReference(value);
  if (isMap(value))
    return value.has("__type__") ? checkTypedMap(value, place) : checkMap(value, place);
  return isArray(value) ? checkArray(value, place) : value;
}

function checkLength(length: number, { field }: Place): void {
  if (length > maxValueBytes) {
    throw invalidArgument(
      `The value of property "${field}" is longer than ${maxValueBytes} bytes.`,
    );
  }
}

/** From the year 1 to the year 9999. */
function checkTimestamp(value: Timestamp): Timestamp {
  if (value.nanos < 0 || value.nanos > 999_999_999) {
    throw invalidArgument("Timestamp nanos exceeds limit for field.");
  }
  if (value.seconds < -62_135_596_800 || value.seconds > 253_402_300_799) {
    throw invalidArgument("Timestamp seconds exceeds limit for field.");
  }
  return truncateToMicros(value);
}

function checkGeoPoint({ latitude, longitude }: GeoPoint): void {
  checkDegrees("latitude", latitude, 90);
  checkDegrees("longitude", longitude, 180);
}

function checkDegrees(what: string, degrees: number, limit: number): void {
  if (degrees >= -limit && degrees <= limit) return;
  throw invalidArgument(
    `Geo point ${what} '${decimal(degrees)}' outside permitted range ${decimal(-limit)} to ${decimal(limit)}.`,
  );
}

function decimal(value: number): string {
  return Number.isInteger(value) ? value.toFixed(1) : String(value);
}

function checkReference({ name }: Reference): void {
  parseDocumentName(name, "Resource");
}

function checkArray(values: readonly Value[], place: Place): Value[] {
  const inner = deeper(place);
  return values.map((value) => {
    if (isArray(value)) throw invalidArgument("Cannot convert an array value in an array value.");
    if (isMap(value) && value.get("__type__") === "__vector__") {
      throw invalidArgument("Cannot convert a vector value in an array value.");
    }
    return checkValue(value, inner);
  });
}

function checkMap(map: MapValue, place: Place): MapValue {
  const inner = deeper(place);
  const checked = new Map<string, Value>();
  for (const [key, value] of map) {
    if (isReserved(key)) throw invalidArgument(`field name '${key}' is reserved.`);
    const pathBytes = inner.pathBytes + 1 + byteLength(key);
    if (key === "" || pathBytes > maxNameBytes) throw invalidNested(place);
    checked.set(key, checkValue(value, { ...inner, pathBytes }));
  }
  return checked;
}

function deeper(place: Place): Place {
  if (place.depth >= maxNesting) throw invalidNested(place);
  return { ...place, depth: place.depth + 1 };
}

function invalidNested({ field }: Place): Error {
  return invalidArgument(`Property ${field} contains an invalid nested entity.`);
}

/** The only type that a map may name is a vector. */
function checkTypedMap(map: MapValue, place: Place): MapValue {
  const type = map.get("__type__");
  if (typeof type !== "string") throw invalidArgument("Field __type__ is not a string.");
  if (type !== "__vector__") throw invalidNested(place);
  const numbers = map.get("value");
  if (numbers === undefined) throw invalidArgument("Vector map is missing key 'value'.");
  if (map.size > 2) throw invalidArgument("Vector Value map has extraneous entries.");
  if (!isArray(numbers) || numbers.some((number) => typeof number !== "number")) {
    throw invalidArgument("Vector must only contain values of type 'double'");
  }
  if (numbers.length === 0) throw invalidArgument("Cannot have a zero length vector.");
  if (numbers.length > maxVectorDimensions) {
    throw invalidArgument(`Vectors must be at most ${maxVectorDimensions} dimensions.`);
  }
  if (numbers.some((number) => Number.isNaN(number))) {
    throw invalidArgument("Vector cannot contain NaN values.");
  }
  return map;
}
