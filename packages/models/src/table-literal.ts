import type { Table } from "@ctb-data/registry";
import { textLiteral } from "./generated-names.ts";
import type { ModelColumn, ModelField, ModelTableLiteral } from "./model-table.ts";

/** What generated code passes to `modelClass`: the part of a table that models are made of. */
export function tableLiteral(table: Table): string {
  const { name, renamedFrom, primaryKey, firestore } = table;
  const literal: ModelTableLiteral = {
    name,
    ...(renamedFrom === undefined ? {} : { renamedFrom }),
    ...(primaryKey === undefined ? {} : { primaryKey: primaryKey.columns }),
    columns: [...table.columns.values()].map(columnLiteral),
    ...(firestore === undefined
      ? {}
      : {
          firestore: {
            collection: firestore.collection,
            idColumn: firestore.idColumn,
            fields: [...firestore.fields.values()].map(fieldLiteral),
          },
        }),
  };
  return print(literal, { indent: "", column: 0, isOpen: true });
}

/** The order of the keys is the order in the generated file. */
const columnKeys = [
  "name",
  "renamedFrom",
  "type",
  "nullable",
  "default",
  "format",
  "min",
  "max",
  "pattern",
  "oneOf",
  "encryption",
  "blindIndexOf",
] as const satisfies readonly (keyof ModelColumn)[];

function columnLiteral(column: ModelColumn): ModelColumn {
  const { name, type, nullable } = column;
  const literal: Record<string, unknown> = {};
  for (const key of columnKeys) {
    if (column[key] !== undefined) literal[key] = column[key];
  }
  return { ...literal, name, type, nullable };
}

function fieldLiteral(field: ModelField): ModelField {
  const { name, type } = field;
  return field.column === undefined
    ? { name, type, required: field.required }
    : { name, column: field.column, type };
}

const width = 100;

interface Place {
  readonly indent: string;
  /** Where the value starts. */
  readonly column: number;
  /** On several lines even if it fits on one. */
  readonly isOpen?: boolean;
}

/** TypeScript of plain data, on one line where it fits: as a formatter would have it. */
function print(value: unknown, place: Place): string {
  if (typeof value === "string") return textLiteral(value);
  if (typeof value !== "object" || value === null) return String(value);
  const inline = printInline(value);
  // One more column is that of the comma.
  if (place.isOpen !== true && place.column + inline.length + 1 <= width) return inline;
  const indent = `${place.indent}  `;
  const isList = Array.isArray(value);
  const entries: readonly (readonly [string, unknown])[] = Object.entries(value);
  const lines = entries.map(([key, part]) => {
    const start = isList ? indent : `${indent}${key}: `;
    const isOpen = key === "columns" || key === "firestore" || key === "fields";
    return `${start}${print(part, { indent, column: start.length, isOpen: isOpen && !isEmpty(part) && !isTexts(part) })},\n`;
  });
  const [open, close] = isList ? ["[", "]"] : ["{", "}"];
  return `${open}\n${lines.join("")}${place.indent}${close}`;
}

const isEmpty = (value: unknown): boolean =>
  typeof value === "object" && value !== null && Object.keys(value).length === 0;
const isTexts = (value: unknown): boolean =>
  Array.isArray(value) && value.every((item) => typeof item === "string");

function printInline(value: unknown): string {
  if (typeof value === "string") return textLiteral(value);
  if (typeof value !== "object" || value === null) return String(value);
  if (Array.isArray(value)) return `[${value.map(printInline).join(", ")}]`;
  const entries: readonly (readonly [string, unknown])[] = Object.entries(value);
  return entries.length === 0
    ? "{}"
    : `{ ${entries.map(([key, part]) => `${key}: ${printInline(part)}`).join(", ")} }`;
}
