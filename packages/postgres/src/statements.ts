import type {
  CheckConstraint,
  Column,
  EnumType,
  ForeignKey,
  Index,
  IndexPart,
  KeyConstraint,
  Table,
} from "@ctb-data/registry";
import { quoteIdentifier, quoteLiteral } from "./quote-identifier.ts";
import { columnSqlType, objectName } from "./sql-type.ts";

// The statements that schema.sql and changes are made of. Each is without its semicolon.

export function createEnum({ name, values }: EnumType, schema: string): string {
  return `CREATE TYPE ${objectName(schema, name)} AS ENUM (${values.map(quoteLiteral).join(", ")})`;
}

/** Without its indexes and comments. `foreignKeys` are those that can stand in it. */
export function createTable(
  table: Table,
  schema: string,
  foreignKeys: readonly ForeignKey[],
): string {
  const lines = [
    ...[...table.columns.values()].map((column) => columnDefinition(column, schema)),
    ...(table.primaryKey ? [primaryKeyClause(table.primaryKey)] : []),
    ...table.uniques.map(uniqueClause),
    ...table.checks.map(checkClause),
    ...foreignKeys.map((key) => foreignKeyClause(key, schema)),
  ];
  return `CREATE TABLE ${objectName(schema, table.name)} (\n${lines.map((line) => `  ${line}`).join(",\n")}\n)`;
}

export function columnDefinition(column: Column, schema: string): string {
  return [
    quoteIdentifier(column.name),
    columnType(column, schema),
    ...(column.nullable ? [] : ["NOT NULL"]),
    ...(column.default === undefined ? [] : [`DEFAULT ${defaultExpression(column.default)}`]),
  ].join(" ");
}

/** The type that the column stores: text where it holds ciphertext. */
export function columnType(column: Column, schema: string): string {
  return column.encryption ? "text" : columnSqlType(column.type, schema);
}

const simpleDefault =
  /^(?:[+-]?[\d.]+(?:e[+-]?\d+)?|'(?:[^']|'')*'|[a-z_][\w.]*(?:\([^()]*\))?)(?:::[a-z_][\w. ]*(?:\([\d, ]+\))?(?:\[\])*)?$/i;

/** In a column definition only simple expressions may stand without parentheses (no AND, IN, IS NULL …). */
export function defaultExpression(expression: string): string {
  return simpleDefault.test(expression) ? expression : `(${expression})`;
}

export function columnNames(names: readonly string[]): string {
  return `(${names.map(quoteIdentifier).join(", ")})`;
}

export function primaryKeyClause({ name, columns }: KeyConstraint): string {
  return `CONSTRAINT ${quoteIdentifier(name)} PRIMARY KEY ${columnNames(columns)}`;
}

export function uniqueClause({ name, columns }: KeyConstraint): string {
  return `CONSTRAINT ${quoteIdentifier(name)} UNIQUE ${columnNames(columns)}`;
}

export function checkClause({
  name,
  expression,
}: Pick<CheckConstraint, "name" | "expression">): string {
  return `CONSTRAINT ${quoteIdentifier(name)} CHECK (${expression})`;
}

export function foreignKeyClause(key: ForeignKey, schema: string): string {
  const target = objectName(schema, key.referencedTable);
  return [
    `CONSTRAINT ${quoteIdentifier(key.name)} FOREIGN KEY ${columnNames(key.columns)}`,
    `REFERENCES ${target} ${columnNames(key.referencedColumns)}`,
    ...(key.onDelete === "no action" ? [] : [`ON DELETE ${key.onDelete.toUpperCase()}`]),
    ...(key.onUpdate === "no action" ? [] : [`ON UPDATE ${key.onUpdate.toUpperCase()}`]),
  ].join(" ");
}

export function createIndex(index: Index, table: string, schema: string): string {
  return [
    `CREATE ${index.unique ? "UNIQUE " : ""}INDEX ${quoteIdentifier(index.name)} ON ${objectName(schema, table)}`,
    ...(index.method === "btree" ? [] : [`USING ${quoteIdentifier(index.method)}`]),
    `(${index.parts.map(indexPart).join(", ")})`,
    ...(index.include.length === 0 ? [] : [`INCLUDE ${columnNames(index.include)}`]),
    ...(index.where === undefined ? [] : [`WHERE ${index.where}`]),
  ].join(" ");
}

function indexPart(part: IndexPart): string {
  return [
    "column" in part ? quoteIdentifier(part.column) : `(${part.expression})`,
    ...(part.operatorClass === undefined ? [] : [operatorClass(part.operatorClass)]),
    ...(part.order === "desc" ? ["DESC"] : []),
    ...(part.nulls === undefined ? [] : [`NULLS ${part.nulls.toUpperCase()}`]),
  ].join(" ");
}

/** It may be of a schema: `extensions.gin_trgm_ops`. */
function operatorClass(name: string): string {
  return name.split(".").map(quoteIdentifier).join(".");
}

export function commentOnTable(table: Table, schema: string): string {
  return `COMMENT ON TABLE ${objectName(schema, table.name)} IS ${commentText(table.description)}`;
}

export function commentOnColumn(table: string, column: Column, schema: string): string {
  return `COMMENT ON COLUMN ${objectName(schema, table)}.${quoteIdentifier(column.name)} IS ${commentText(column.description)}`;
}

export function commentOnEnum(type: EnumType, schema: string): string {
  return `COMMENT ON TYPE ${objectName(schema, type.name)} IS ${commentText(type.description)}`;
}

/** An empty comment is none. */
function commentText(text: string | undefined): string {
  return text === undefined || text === "" ? "NULL" : quoteLiteral(text);
}

/** The comments of a table and of its columns that have one. */
export function tableComments(table: Table, schema: string): readonly string[] {
  return [
    ...(table.description ? [commentOnTable(table, schema)] : []),
    ...[...table.columns.values()]
      .filter((column) => column.description)
      .map((column) => commentOnColumn(table.name, column, schema)),
  ];
}

export function alterTable(table: string, schema: string, action: string): string {
  return `ALTER TABLE ${objectName(schema, table)} ${action}`;
}

/** Statements as a script. */
export function script(statements: readonly string[]): string {
  return statements.map((statement) => `${statement};\n`).join("");
}
