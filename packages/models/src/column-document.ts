import type { FirestoreType } from "@ctb-data/registry";
import { inputOf } from "./column-input.ts";
import { rowReaderOf } from "./column-row.ts";
import { decodeOf, dimensionsOf, encodeOf, kindOf, type TextType } from "./column-text.ts";
import type { DocumentTypes } from "./document-types.ts";
import {
  bytesOf,
  documentOfJson,
  isTimestamp,
  isVector,
  jsonOfDocument,
  type Position,
} from "./json-document.ts";
import { jsonNull, jsonToText } from "./json.ts";
import type { ModelValue } from "./model-value.ts";
import { firestoreTimeOf, timestampOfFirestore } from "./time-input.ts";
import { refuse, unreachable, ValueProblem } from "./value-problem.ts";

/** How a column's value (not null) stands in a document field. Both throw {@link ValueProblem}. */
export interface FieldCodec {
  readonly write: (value: unknown) => unknown;
  readonly read: (value: unknown) => ModelValue;
}

/** The codec of a column in a field of a type; undefined when that field cannot hold every value of the column. */
export function fieldCodecOf(
  type: TextType,
  fieldType: FirestoreType,
  types: DocumentTypes,
): FieldCodec | undefined {
  if (dimensionsOf(type) > 0) return arrayCodecOf(type, fieldType, types);
  const kind = kindOf(type);
  switch (fieldType) {
    case "integer":
      return kind === "int16" || kind === "int32" || kind === "int64"
        ? plainCodec(type)
        : undefined;
    case "double":
      return ["int16", "int32", "float32", "float64"].includes(kind) ? plainCodec(type) : undefined;
    case "boolean":
      return kind === "boolean" ? plainCodec(type) : undefined;
    case "string":
      return textCodec(type);
    case "timestamp":
      return kind === "timestamp" || kind === "timestamptz"
        ? timestampCodec(kind, types)
        : undefined;
    case "bytes":
      return kind === "bytes" ? bytesCodec(types) : undefined;
    case "any":
      return kind === "json"
        ? jsonCodec(type, types)
        : fieldCodecOf(type, usualFieldType(kind), types);
    case "map":
    case "array":
      return kind === "json" ? jsonCodec(type, types) : undefined;
    case "geopoint":
    case "reference":
    case "vector":
      return undefined;
    default:
      return unreachable(fieldType);
  }
}

/** The field type that holds a kind as what it is. */
function usualFieldType(kind: ReturnType<typeof kindOf>): FirestoreType {
  switch (kind) {
    case "int16":
    case "int32":
    case "int64":
      return "integer";
    case "float32":
    case "float64":
      return "double";
    case "boolean":
      return "boolean";
    case "timestamp":
    case "timestamptz":
      return "timestamp";
    case "bytes":
      return "bytes";
    case "json":
      return "map";
    case "date":
    case "decimal":
    case "enum":
    case "inet":
    case "interval":
    case "text":
    case "time":
    case "uuid":
    default:
      return "string";
  }
}

/** What JavaScript and Firestore hold alike. An SDK may read any integer as a number or as a bigint. */
function plainCodec(type: TextType): FieldCodec {
  const read = inputOf({ type: kindOf(type) });
  return { write: (value) => value, read };
}

/** A text: PostgreSQL's of values that are no texts. */
function textCodec(type: TextType): FieldCodec {
  const encode = encodeOf(type);
  const decode = decodeOf(type);
  const isTyped = [
    "int16",
    "int32",
    "int64",
    "float32",
    "float64",
    "boolean",
    "json",
    "bytes",
  ].includes(kindOf(type));
  // The database's rules for char(n) are kept, the registry's rules are for input.
  const check = inputOf({ type: typeof type === "string" || type.name === "char" ? "text" : type });
  const checkTyped = inputOf({ type: kindOf(type) });
  return {
    write: (value) => (typeof value === "string" && !isTyped ? value : encode(value)),
    read: (value) => {
      if (typeof value !== "string") return refuse("a text", value);
      const decoded = isTyped ? checkTyped(decode(value)) : check(value);
      // Two documents must not stand for one row: "007" is not how 7 is written.
      if (isTyped && kindOf(type) !== "json" && encode(decoded) !== value) {
        throw new ValueProblem("wrong_format", "is not written as PostgreSQL prints it");
      }
      return decoded;
    },
  };
}

function timestampCodec(kind: "timestamp" | "timestamptz", types: DocumentTypes): FieldCodec {
  const zone = kind === "timestamptz" ? "Z" : "";
  const fromText = inputOf({ type: kind });
  const toText = encodeOf(kind);
  return {
    write: (value) => {
      if (typeof value !== "string") return refuse("a text", value);
      const time = firestoreTimeOf(value);
      // Firestore has the years 1 to 9999 and no infinity: those stay PostgreSQL's text.
      return time === undefined ? toText(value) : types.timestamp(time.seconds, time.nanoseconds);
    },
    read: (value) => {
      // A Date is how some drivers hand out a Timestamp.
      if (typeof value === "string" || value instanceof Date) return fromText(value);
      if (typeof value !== "object" || value === null || !isTimestamp(value)) {
        return refuse("a Timestamp", value);
      }
      return timestampOfFirestore(value, zone);
    },
  };
}

function bytesCodec(types: DocumentTypes): FieldCodec {
  return {
    write: (value) =>
      value instanceof Uint8Array ? types.bytes(value) : refuse("a Uint8Array", value),
    read: (value) => {
      const bytes = typeof value === "object" && value !== null ? bytesOf(value) : undefined;
      return bytes ?? refuse("bytes", value);
    },
  };
}

function jsonCodec(type: TextType, types: DocumentTypes, position?: Position): FieldCodec {
  const isBinary = typeof type === "string" || type.name !== "json";
  return {
    write: (value) => documentOfJson(value, types, position),
    read: (value) => {
      const data = jsonOfDocument(value, position);
      // Finds what jsonb cannot hold, such as a NUL.
      if (isBinary) jsonToText(data, "jsonb");
      return data ?? jsonNull;
    },
  };
}

const insideOfArray: Position = { depth: 1, inArray: true, isWhole: true };

function arrayCodecOf(
  type: TextType,
  fieldType: FirestoreType,
  types: DocumentTypes,
): FieldCodec | undefined {
  const kind = kindOf(type);
  if (fieldType === "vector") {
    return kind === "float32" || kind === "float64" ? vectorCodec(type, types) : undefined;
  }
  if (fieldType === "string") return textCodec(type);
  if ((fieldType !== "array" && fieldType !== "any") || dimensionsOf(type) > 1) return undefined;
  const item =
    kind === "json"
      ? jsonCodec(type, types, insideOfArray)
      : fieldCodecOf(plainOf(type), usualFieldType(kind), types);
  if (item === undefined) return undefined;
  return {
    write: (value) => {
      if (!Array.isArray(value)) return refuse("an array", value);
      return value.map((part: unknown) =>
        part === null ? null : item.write(refuseArray(part, kind)),
      );
    },
    read: (value) => {
      if (!Array.isArray(value)) return refuse("an array", value);
      return value.map((part: unknown) => (part === null ? null : item.read(part)));
    },
  };
}

const plainOf = (type: TextType): TextType =>
  typeof type === "string" ? type : { ...type, dimensions: 0 };

function refuseArray(part: unknown, kind: string): unknown {
  if (!Array.isArray(part) || kind === "json") return part;
  throw new ValueProblem("wrong_format", "is an array of arrays, which Firestore does not have");
}

function vectorCodec(type: TextType, types: DocumentTypes): FieldCodec {
  const read = rowReaderOf(type);
  return {
    write: (value) => {
      if (!Array.isArray(value) || !value.every((part) => typeof part === "number")) {
        throw new ValueProblem(
          "wrong_format",
          "must be an array of numbers without null to be a vector",
        );
      }
      return types.vector(value);
    },
    read: (value) => {
      if (Array.isArray(value)) return read(value);
      return typeof value === "object" && value !== null && isVector(value)
        ? read(value.toArray())
        : refuse("a vector", value);
    },
  };
}
