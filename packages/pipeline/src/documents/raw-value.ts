import { neutralDocumentTypes as types, type IssueCode } from "@ctb-data/models";
import { isObject, memberOf } from "./raw-fields.ts";

/** Why a value of a document is none of a column's, whatever the column. */
export class RawValueError extends Error {
  override readonly name = "RawValueError";
  readonly code: IssueCode;

  constructor(code: IssueCode, message: string) {
    super(message);
    this.code = code;
  }
}

/** A map where a column has none. Models tell values by their shape, and a map may have any. */
class MapOfNoColumn {
  readonly kind = "map";
}

/** How the values of a field are read. */
export interface RawValueOptions {
  /** `projects/p/databases/d` */
  readonly database: string;
  /** Whether the column holds JSON data, in which maps are objects. */
  readonly isJson: boolean;
}

/**
 * The value of a field, as models read documents: integers beyond 2^53 as bigints, and objects of no SDK.
 *
 * @throws {RawValueError} for a reference into another database.
 */
export function valueOfRaw(raw: unknown, options: RawValueOptions): unknown {
  const [entry] = isObject(raw) ? Object.entries(raw) : [];
  if (entry === undefined) throw new RawValueError("wrong_type", "has no value");
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
      return new Uint8Array(Buffer.from(String(content), "base64"));
    case "timestampValue":
      return timeOf(String(content));
    case "referenceValue":
      return types.reference(pathOf(String(content), options.database));
    case "geoPointValue":
      return types.geoPoint(
        Number(memberOf(content, "latitude") ?? 0),
        Number(memberOf(content, "longitude") ?? 0),
      );
    case "arrayValue":
      return listOf(content).map((item) => valueOfRaw(item, options));
    case "mapValue":
      return mapOf(memberOf(content, "fields"), options);
    default:
      throw new RawValueError("wrong_type", `is a ${type}, which this version does not know`);
  }
}

/** Below the database. @throws {RawValueError} */
export function pathOf(name: string, database: string): string {
  const prefix = `${database}/documents/`;
  if (name.startsWith(prefix)) return name.slice(prefix.length);
  throw new RawValueError("wrong_type", "refers to a document of another database");
}

function listOf(content: unknown): readonly unknown[] {
  const values = memberOf(content, "values");
  return Array.isArray(values) ? values : [];
}

function mapOf(fields: unknown, options: RawValueOptions): unknown {
  const entries = isObject(fields) ? Object.entries(fields) : [];
  if (memberOf(fields, "__type__", "stringValue") === "__vector__") {
    const values = listOf(memberOf(fields, "value", "arrayValue"));
    return types.vector(values.map((item) => Number(valueOfRaw(item, options))));
  }
  if (!options.isJson) return new MapOfNoColumn();
  return Object.fromEntries(entries.map(([name, value]) => [name, valueOfRaw(value, options)]));
}

function integerOf(digits: string): number | bigint {
  const number = Number(digits);
  return Number.isSafeInteger(number) ? number : BigInt(digits);
}

function timeOf(text: string): unknown {
  const [, whole = "", fraction = ""] = /^([^.Z]*)(?:\.(\d+))?Z$/.exec(text) ?? [];
  return types.timestamp(Date.parse(`${whole}Z`) / 1000, Number(fraction.padEnd(9, "0")));
}
