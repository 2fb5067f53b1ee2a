import type {
  columnTypes,
  ColumnType,
  ColumnTypeName,
  FirestoreType,
  ValueKind,
} from "@ctb-data/registry";
import { textLiteral } from "./generated-names.ts";
import { hasDefault } from "./model-column.ts";
import type { ModelColumn } from "./model-table.ts";

/** What the table of types says of a kind: written here so that applications need not load the registry's YAML parser. */
const typescriptOf: {
  readonly [Kind in Exclude<ValueKind, "enum">]: Extract<
    (typeof columnTypes)[ColumnTypeName],
    { readonly kind: Kind }
  >["typescript"];
} = {
  int16: "number",
  int32: "number",
  int64: "bigint",
  decimal: "string",
  float32: "number",
  float64: "number",
  boolean: "boolean",
  text: "string",
  uuid: "string",
  date: "string",
  time: "string",
  timestamp: "string",
  timestamptz: "string",
  interval: "string",
  json: "Json",
  bytes: "Uint8Array",
  inet: "string",
};

/** Whether PostgreSQL fills a column in, so that a value may lack it. */
export function isOptional(column: ModelColumn): boolean {
  return column.nullable || hasDefault(column);
}

/** A type in arrays of a depth. */
function inArrays(type: string, dimensions: number): string {
  let nested = type;
  for (let depth = 0; depth < dimensions; depth += 1) nested = `readonly (${nested} | null)[]`;
  return nested;
}

function enumUnion(values: readonly string[]): string {
  return values.length === 0 ? "never" : values.map(textLiteral).join(" | ");
}

const nullable = (type: string, isNullable: boolean): string =>
  isNullable ? `${type} | null` : type;

/** The TypeScript type of a column in a value. */
export function valueTypeOf({ type, nullable: isNullable }: ModelColumn): string {
  const plain = type.kind === "enum" ? enumUnion(type.values) : typescriptOf[type.kind];
  return nullable(inArrays(plain, type.dimensions), isNullable);
}

/** The TypeScript type of a column in a row: an encrypted one is a text. */
export function rowTypeOf(column: ModelColumn): string {
  return column.encryption === undefined
    ? valueTypeOf(column)
    : nullable("string", column.nullable);
}

/** The TypeScript type of what an application may give for a column. */
export function inputTypeOf({ type, oneOf, nullable: isNullable }: ModelColumn): string {
  // Only of input: the database does not know the list, so a row may hold another text.
  const plain = oneOf === undefined ? plainInputTypeOf(type) : enumUnion(oneOf);
  return nullable(inArrays(plain, type.dimensions), isNullable);
}

function plainInputTypeOf(type: ColumnType): string {
  switch (type.kind) {
    case "int16":
    case "int32":
      return "number | bigint";
    case "int64":
    case "decimal":
      return "string | number | bigint";
    case "date":
    case "timestamp":
    case "timestamptz":
      return "string | Date";
    case "enum":
      return enumUnion(type.values);
    case "boolean":
    case "bytes":
    case "float32":
    case "float64":
    case "inet":
    case "interval":
    case "json":
    case "text":
    case "time":
    case "uuid":
    default:
      return typescriptOf[type.kind];
  }
}

/** The TypeScript type of a document field that holds a column. */
export function columnFieldTypeOf(column: ModelColumn, fieldType: FirestoreType): string {
  return nullable(plainFieldTypeOf(column, fieldType), column.nullable);
}

function plainFieldTypeOf({ type, encryption }: ModelColumn, fieldType: FirestoreType): string {
  if (encryption !== undefined) return "string";
  if (fieldType === "vector") return "FirestoreVector";
  if (fieldType === "string")
    return type.kind === "enum" && type.dimensions === 0 ? enumUnion(type.values) : "string";
  return inArrays(elementTypeOf(type), type.dimensions);
}

function elementTypeOf(type: ColumnType): string {
  switch (type.kind) {
    case "int64":
      // Which of the two an SDK reads is a setting of it.
      return "number | bigint";
    case "timestamp":
    case "timestamptz":
      // A text for infinity, BC and years beyond 9999, which a Timestamp does not have.
      return "FirestoreTimestamp | string";
    case "json":
      return "FirestoreValue";
    case "enum":
      return enumUnion(type.values);
    case "decimal":
    case "text":
    case "uuid":
    case "date":
    case "time":
    case "interval":
    case "inet":
    case "int16":
    case "int32":
    case "float32":
    case "float64":
    case "boolean":
    case "bytes":
    default:
      return typescriptOf[type.kind];
  }
}

const ownFieldTypes: Readonly<Record<FirestoreType, string>> = {
  any: "FirestoreValue",
  array: "readonly FirestoreValue[]",
  boolean: "boolean",
  bytes: "Uint8Array",
  double: "number",
  geopoint: "FirestoreGeoPoint",
  integer: "number | bigint",
  map: "FirestoreMap",
  reference: "FirestoreReference",
  string: "string",
  timestamp: "FirestoreTimestamp",
  vector: "FirestoreVector",
};

/** The TypeScript type of a document field that no column has. */
export function ownFieldTypeOf(field: {
  readonly type: FirestoreType;
  readonly required: boolean;
}): string {
  return nullable(ownFieldTypes[field.type], !field.required);
}

/** The names of this package's types that a piece of generated code mentions. */
export function mentionedTypes(code: string): readonly string[] {
  const known = [
    "FirestoreGeoPoint",
    "FirestoreMap",
    "FirestoreReference",
    "FirestoreTimestamp",
    "FirestoreValue",
    "FirestoreVector",
    "Json",
  ];
  return known.filter((name) => new RegExp(`\\b${name}\\b`).test(code));
}
