import {
  formatColumnType,
  type Column,
  type Index,
  type Registry,
  type Table,
} from "@ctb-data/registry";
import type { Catalog, CatalogIndex, CatalogTable } from "../src/catalog.ts";

/** What a registry says, in a form that a catalog has, too. */
export function comparableRegistry(registry: Registry): unknown {
  return {
    enums: [...registry.enums.values()]
      .map(({ name, values, description }) => ({ name, values, comment: description }))
      .toSorted(byName),
    tables: [...registry.tables.values()].map(comparableTable).toSorted(byName),
  };
}

export function comparableCatalog(catalog: Catalog): unknown {
  return {
    enums: catalog.enums
      .map(({ name, values, comment }) => ({ name, values, comment }))
      .toSorted(byName),
    tables: catalog.tables.map(comparableCatalogTable).toSorted(byName),
  };
}

/** Something that is sorted by its name. */
interface Named {
  readonly name: string;
  readonly [property: string]: unknown;
}

const byName = (a: { readonly name: string }, b: { readonly name: string }): number =>
  a.name < b.name ? -1 : a.name > b.name ? 1 : 0;

function comparableTable(table: Table): Named {
  return {
    name: table.name,
    comment: table.description,
    columns: [...table.columns.values()].map(comparableColumn).toSorted(byName),
    primaryKey: table.primaryKey && {
      name: table.primaryKey.name,
      columns: table.primaryKey.columns,
    },
    uniques: table.uniques.map(({ name, columns }) => ({ name, columns })).toSorted(byName),
    checks: table.checks
      .map(({ name, expression }) => ({ name, expression: loose(expression) }))
      .toSorted(byName),
    foreignKeys: table.foreignKeys
      .map(({ name, columns, referencedTable, referencedColumns, onDelete, onUpdate }) => ({
        name,
        columns,
        referencedTable,
        referencedColumns,
        onDelete,
        onUpdate,
        validated: true,
      }))
      .toSorted(byName),
    indexes: table.indexes.map(comparableIndex).toSorted(byName),
  };
}

function comparableColumn(column: Column): Named {
  const serial = column.type.name === "serial" || column.type.name === "bigserial";
  const type = column.encryption ? "text" : formatColumnType(column.type).replace(/(\[\])+$/, "[]");
  return {
    name: column.name,
    type: type.replace("bigserial", "bigint").replace("serial", "integer"),
    nullable: column.nullable,
    serial,
    default: serial || column.default === undefined ? undefined : loose(column.default),
    comment: column.description,
  };
}

function comparableIndex(index: Index): Named {
  return {
    name: index.name,
    unique: index.unique,
    method: index.method,
    where: index.where && loose(index.where),
    include: index.include,
    parts: index.parts.map((part) => ({
      what: "column" in part ? part.column : loose(part.expression),
      order: part.order ?? "asc",
      nulls: part.nulls ?? (part.order === "desc" ? "first" : "last"),
      operatorClass: part.operatorClass,
    })),
    valid: true,
  };
}

function comparableCatalogTable(table: CatalogTable): Named {
  return {
    name: table.name,
    comment: table.comment,
    columns: table.columns
      .map(({ name, type, nullable, serial, default: value, comment }) => ({
        name,
        type: type.replaceAll('"', ""),
        nullable,
        serial,
        default: serial || value === undefined ? undefined : loose(value),
        comment,
      }))
      .map((column) => ({ ...column, type: unquoted(type(table, column.name)) }))
      .toSorted(byName),
    primaryKey: table.primaryKey,
    uniques: table.uniques.toSorted(byName),
    checks: table.checks
      .map(({ name, expression }) => ({ name, expression: loose(expression) }))
      .toSorted(byName),
    foreignKeys: table.foreignKeys
      .map(
        ({ name, columns, referencedTable, referencedColumns, onDelete, onUpdate, validated }) => ({
          name,
          columns,
          referencedTable,
          referencedColumns,
          onDelete,
          onUpdate,
          validated,
        }),
      )
      .toSorted(byName),
    indexes: table.indexes.map(comparableCatalogIndex).toSorted(byName),
  };
}

const type = (table: CatalogTable, name: string): string =>
  table.columns.find((column) => column.name === name)?.type ?? "";

const unquoted = (name: string): string =>
  name.startsWith('"') ? name.replace(/^"(.*)"/, "$1").replaceAll('""', '"') : name;

function comparableCatalogIndex(index: CatalogIndex): Named {
  return {
    name: index.name,
    unique: index.unique,
    method: index.method,
    where: index.where && loose(index.where),
    include: index.include,
    parts: index.parts.map((part) => ({
      what: part.column ?? loose(part.expression ?? ""),
      order: part.order,
      nulls: part.nulls,
      operatorClass: part.operatorClass,
    })),
    valid: index.valid,
  };
}

/** PostgreSQL prints expressions with casts, parentheses and spaces of its own. */
function loose(expression: string): string {
  return expression
    .replaceAll(
      /::(?:character varying|double precision|timestamp with(?:out)? time zone|time without time zone|"[^"]*"|[\w.]+)(?:\(\d+(?:,\d+)?\))?(?:\[\])?/g,
      "",
    )
    .replaceAll(/'(-?[\d.]+)'/g, "$1")
    .replaceAll(/[\s()"]/g, "")
    .toLowerCase();
}
