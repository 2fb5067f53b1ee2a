import { formatColumnType, type Column, type ColumnType } from "@ctb-data/registry";
import { quoteIdentifier } from "./quote-identifier.ts";

/** A table, type or index of the registry's schema: unqualified in `public`, where every tool looks. */
export function objectName(schema: string, name: string): string {
  return schema === "public" ? quoteIdentifier(name) : qualifiedName(schema, name);
}

/** A name that no `search_path` can turn into another. */
export function qualifiedName(schema: string, name: string): string {
  return `${quoteIdentifier(schema)}.${quoteIdentifier(name)}`;
}

/** An enum's name, always qualified: a cast to it must not depend on the session. */
export function enumSqlName(schema: string, name: string): string {
  return qualifiedName(schema, name);
}

/** A type as a column definition spells it. */
export function columnSqlType(type: ColumnType, schema: string): string {
  if (type.kind !== "enum") return formatColumnType(type);
  return `${objectName(schema, type.name)}${"[]".repeat(type.dimensions)}`;
}

/** Whether the column's default is a sequence of its own. */
export function isSerial({ type, encryption }: Column): boolean {
  return encryption === undefined && (type.name === "serial" || type.name === "bigserial");
}
