import { encoderOf } from "@ctb-data/models";
import type { Column, ColumnType, Registry, Table } from "@ctb-data/registry";
import type { Parameter } from "./parameter.ts";
import { quoteIdentifier } from "./quote-identifier.ts";
import { columnSqlType, enumSqlName, qualifiedName } from "./sql-type.ts";

/** What the row path needs to know of a table, worked out once. */
export interface TablePlan {
  readonly table: Table;
  /** Schema and name, quoted. */
  readonly sqlName: string;
  readonly columns: ReadonlyMap<string, ColumnPlan>;
  /** All columns, quoted, with commas. */
  readonly columnList: string;
  readonly primaryKey: readonly string[];
  /** Rows have to be encrypted and decrypted. */
  readonly encrypted: boolean;
  /** A column whose name an ordinary assignment would not make a property. */
  readonly hostile: boolean;
}

export interface ColumnPlan {
  readonly name: string;
  readonly sqlName: string;
  readonly column: Column;
  /** What the column stores: `text` for an encrypted one. */
  readonly stored: ColumnType;
  /** The stored type as an SQL cast that neither cuts nor rounds: without length and precision. */
  readonly castType: string;
  readonly toParameter: (value: unknown) => Parameter;
}

/** @internal */
export function tablePlan(table: Table, registry: Registry): TablePlan {
  const columns = [...table.columns.values()].map((column) => columnPlan(column, registry));
  return {
    table,
    sqlName: qualifiedName(registry.schema, table.name),
    columns: new Map(columns.map((column) => [column.name, column])),
    columnList: columns.map((column) => column.sqlName).join(", "),
    primaryKey: table.primaryKey?.columns ?? [],
    encrypted: columns.some(({ column }) => column.encryption !== undefined),
    hostile: table.columns.has("__proto__"),
  };
}

function columnPlan(column: Column, registry: Registry): ColumnPlan {
  const stored = storedType(column);
  return {
    name: column.name,
    sqlName: quoteIdentifier(column.name),
    column,
    stored,
    castType: castType(stored, registry.schema),
    toParameter: parameterEncoder(stored),
  };
}

/** An encrypted column holds its ciphertext as text, whatever it means. */
export function storedType(column: Column): ColumnType {
  return column.encryption === undefined
    ? column.type
    : { name: "text", kind: "text", dimensions: 0 };
}

function castType(type: ColumnType, schema: string): string {
  const bare: ColumnType =
    type.kind === "enum" ? type : { name: type.name, kind: type.kind, dimensions: 0 };
  const name =
    type.kind === "enum"
      ? enumSqlName(schema, type.name)
      : columnSqlType({ ...bare, dimensions: 0 }, schema);
  return `${serialAsInteger(name)}${type.dimensions > 0 ? "[]" : ""}`;
}

function serialAsInteger(name: string): string {
  return name === "serial" ? "integer" : name === "bigserial" ? "bigint" : name;
}

/** @throws {ModelError} INVALID_VALUE for a value that the type does not have. */
function parameterEncoder(type: ColumnType): (value: unknown) => Parameter {
  const encode = encoderOf(type);
  if (type.kind === "bytes" && type.dimensions === 0) {
    // In PostgreSQL's binary format, half as long as its text.
    return (value) =>
      value instanceof Uint8Array
        ? Buffer.from(value.buffer, value.byteOffset, value.byteLength)
        : orNull(value, encode);
  }
  return (value) => orNull(value, encode);
}

function orNull(value: unknown, encode: (value: unknown) => string): string | null {
  return value === null || value === undefined ? null : encode(value);
}
