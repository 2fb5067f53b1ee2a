import { FirestoreError } from "../firestore-error.ts";
import type { FirestoreTypes } from "../firestore-types.ts";
import { timeOfText } from "./time-text.ts";

type JsonObject = Readonly<Record<string, unknown>>;

/** Reads raw lines as the values that the SDK would have read: integers as `narrowIntegers` leaves them. */
export class DocumentValues {
  readonly #types: FirestoreTypes;

  constructor(types: FirestoreTypes) {
    this.#types = types;
  }

  /** The fields of a line. @throws {FirestoreError} INVALID_VALUE, which never shows what the line holds. */
  fields(line: Uint8Array | string, path: string): Record<string, unknown> {
    try {
      const document = objectOf(JSON.parse(textOf(line)));
      return this.#map(document["fields"]);
    } catch (error) {
      if (error instanceof FirestoreError) throw error;
      throw new FirestoreError("INVALID_VALUE", "A line is not a document of Firestore.", { path });
    }
  }

  #map(fields: unknown): Record<string, unknown> {
    if (fields === undefined) return {};
    const entries = Object.entries(objectOf(fields));
    return Object.fromEntries(entries.map(([name, value]) => [name, this.#value(value)]));
  }

  #value(value: unknown): unknown {
    const [entry] = Object.entries(objectOf(value));
    if (entry === undefined) throw new TypeError("A value has no type.");
    const [type, content] = entry;
    switch (type) {
      case "nullValue":
        return null;
      case "booleanValue":
      case "stringValue":
        return content;
      case "integerValue":
        return integerOf(String(content));
      case "doubleValue":
        return Number(content);
      case "bytesValue":
        return Buffer.from(String(content), "base64");
      case "timestampValue":
        return this.#time(String(content));
      case "referenceValue":
        return this.#types.reference(String(content).split("/").slice(5).join("/"));
      default:
        return this.#composite(type, objectOf(content));
    }
  }

  #composite(type: string, content: JsonObject): unknown {
    switch (type) {
      case "geoPointValue":
        return this.#types.geoPoint(Number(content["latitude"]), Number(content["longitude"]));
      case "arrayValue":
        return listOf(content).map((item) => this.#value(item));
      case "mapValue":
        return this.#vector(content["fields"]) ?? this.#map(content["fields"]);
      default:
        throw new TypeError("There is no such type.");
    }
  }

  /** Firestore keeps a vector as a map that says so. */
  #vector(fields: unknown): unknown {
    if (fields === undefined) return undefined;
    const { __type__: type, value } = objectOf(fields);
    if (type === undefined || objectOf(type)["stringValue"] !== "__vector__") return undefined;
    const values = listOf(objectOf(objectOf(value)["arrayValue"]));
    return this.#types.vector(values.map((item) => Number(this.#value(item))));
  }

  #time(text: string): unknown {
    const time = timeOfText(text);
    if (time === undefined) throw new TypeError("A time is none.");
    return this.#types.timestamp(time.seconds, time.nanos);
  }
}

function textOf(line: Uint8Array | string): string {
  if (typeof line === "string") return line;
  return Buffer.from(line.buffer, line.byteOffset, line.byteLength).toString("utf8");
}

function objectOf(value: unknown): JsonObject {
  if (isObject(value)) return value;
  throw new TypeError("There is no object.");
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function listOf({ values = [] }: JsonObject): readonly unknown[] {
  if (!Array.isArray(values)) throw new TypeError("There is no list.");
  return values;
}

function integerOf(digits: string): number | bigint {
  const number = Number(digits);
  return Number.isSafeInteger(number) ? number : BigInt(digits);
}
