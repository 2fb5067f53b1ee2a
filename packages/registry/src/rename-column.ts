import { checkColumnName } from "./check-name.ts";
import { renameInSql } from "./diff-parts.ts";
import { camelCase } from "./document-fields.ts";
import { quoted, suggestion } from "./problem.ts";
import { readYaml } from "./read-yaml.ts";
import { invalid, RegistryError } from "./registry-error.ts";
import {
  childOf,
  entriesOf,
  isMapAt,
  itemsOf,
  Problems,
  textAt,
  type Located,
  type LocatedMap,
} from "./yaml-node.ts";

/** Which column gets which name. */
export interface ColumnRename {
  readonly table: string;
  readonly from: string;
  readonly to: string;
}

/**
 * The text of a registry file with a column renamed, and `renamed_from` set to its old name. Whatever names the column
 * in this file follows: keys, indexes, checks, references of other tables, document mappings. A document field whose name
 * is made from the column's changes with it: name it under `firestore.fields` before to keep it. Comments and layout
 * stay as they are. Of a registry in several files, call it for the one that declares the table, and with `elsewhere`
 * for the others.
 *
 * @throws {RegistryError} `INVALID_REGISTRY` when the text is no YAML, `INVALID_EDIT` when the table or column is not
 * there, or the new name is taken.
 */
export function renameColumn(
  text: string,
  rename: ColumnRename,
  options: { readonly elsewhere?: boolean } = {},
): string {
  const problems = new Problems();
  const read = readYaml("registry.yml", text, problems);
  if (read.root === undefined) throw invalid("INVALID_REGISTRY", "registry", problems.list);
  const root: Located = { in: read, node: read.root, offset: 0, path: "" };
  const edits = new Edits(text);
  const named = new Problems();
  if (!checkColumnName(rename.to, root, named)) throw edit(named.list[0]?.message ?? "");
  const tables = isMapAt(root) ? childOf(root, "tables") : undefined;
  const table = tables !== undefined && isMapAt(tables) ? childOf(tables, rename.table) : undefined;
  if (table !== undefined && isMapAt(table)) editTable(table, rename, edits);
  else if (options.elsewhere !== true) {
    const known = tables === undefined ? [] : [...entriesOf(tables)].map(([name]) => name);
    throw edit(`There is no table ${quoted(rename.table)}${suggestion(rename.table, known)}`);
  }
  for (const [, other] of tables === undefined ? [] : entriesOf(tables))
    editReferences(other, rename, edits);
  return edits.apply();
}

function edit(message: string): RegistryError {
  return new RegistryError("INVALID_EDIT", message.endsWith("?") ? message : `${message}.`, {
    hint: "Name a table, one of its columns, and a new name that no other column has.",
  });
}

/** Replacements in a text, by place. */
class Edits {
  readonly #text: string;
  readonly #edits = new Map<number, { readonly end: number; readonly text: string }>();

  constructor(text: string) {
    this.#text = text;
  }

  /** Writes another text in place of a scalar. A scalar that two aliases lead to is replaced once. */
  replace(at: Located, value: string): void {
    if (at.node.kind !== "scalar") return;
    const { offset, end } = at.node;
    // A block scalar (| or >) ends behind its last line break.
    const space = /\s*$/.exec(this.#text.slice(offset, end))?.[0] ?? "";
    this.#edits.set(offset, { end: end - space.length, text: scalarText(value) });
  }

  insert(offset: number, text: string): void {
    this.#edits.set(offset, { end: offset, text });
  }

  /** The column at which an offset is, from 0. */
  columnOf(offset: number): number {
    return offset - (this.#text.lastIndexOf("\n", offset - 1) + 1);
  }

  /** How the lines of the text end. */
  get lineEnd(): "\r\n" | "\n" {
    return this.#text.includes("\r\n") ? "\r\n" : "\n";
  }

  /** Where the line that `offset` is on ends. */
  endOfLine(offset: number): number {
    const newline = this.#text.indexOf("\n", offset);
    if (newline === -1) return this.#text.length;
    return this.#text.charAt(newline - 1) === "\r" ? newline - 1 : newline;
  }

  apply(): string {
    let result = "";
    let end = 0;
    for (const [start, replacement] of [...this.#edits].toSorted(([a], [b]) => a - b)) {
      result += this.#text.slice(end, start) + replacement.text;
      ({ end } = replacement);
    }
    return result + this.#text.slice(end);
  }
}

/** A text as YAML: plain where that is safe, else in double quotes. */
function scalarText(value: string): string {
  const isPlain =
    /^[A-Za-z_][\w.]*$/.test(value) && !/^(?:true|false|null|y|n|yes|no|on|off)$/i.test(value);
  return isPlain ? value : JSON.stringify(value);
}

function editTable(table: LocatedMap, rename: ColumnRename, edits: Edits): void {
  const columns = childOf(table, "columns");
  const places = columns === undefined ? [] : itemsOf(columns).filter(isMapAt);
  const column = places.find((place) => nameOf(place) === rename.from);
  const name = column === undefined ? undefined : childOf(column, "name");
  const known = places.map(nameOf).filter((other) => other !== undefined);
  if (column === undefined || name === undefined) {
    throw edit(
      `The table ${quoted(rename.table)} has no column ${quoted(rename.from)}${suggestion(rename.from, known)}`,
    );
  }
  if (known.includes(rename.to)) {
    throw edit(`The table ${quoted(rename.table)} has a column ${quoted(rename.to)} already`);
  }
  edits.replace(name, rename.to);
  setRenamedFrom(column, name, { rename, edits });
  for (const key of ["primary_key", "pk", "unique", "indexes"])
    editNames(childOf(table, key), rename, edits);
  for (const key of ["checks", "indexes"]) editSql(childOf(table, key), rename, edits);
  for (const place of places) editSql(childOf(place, "check"), rename, edits);
  const firestore = childOf(table, "firestore");
  if (firestore !== undefined && isMapAt(firestore)) {
    editMapping(firestore, rename, edits);
  }
  for (const item of listOf(childOf(table, "fk"))) {
    if (isMapAt(item)) editNames(childOf(item, "columns"), rename, edits);
  }
}

function editMapping(firestore: LocatedMap, rename: ColumnRename, edits: Edits): void {
  for (const key of ["id", "omit", "owner"]) editNames(childOf(firestore, key), rename, edits);
  const fields = childOf(firestore, "fields");
  const columns = [...(fields === undefined ? [] : entriesOf(fields))].map(([, field]) =>
    isMapAt(field) ? childOf(field, "column") : field,
  );
  for (const column of columns) editNames(column, rename, edits);
  if (columns.some((column) => textAt(column) === rename.from)) return;
  // The field's name is made of the column's.
  const field = { ...rename, from: camelCase(rename.from), to: camelCase(rename.to) };
  for (const index of listOf(childOf(firestore, "indexes"))) {
    const parts = isMapAt(index) ? childOf(index, "fields") : index;
    for (const part of listOf(parts))
      editNames(isMapAt(part) ? childOf(part, "field") : part, field, edits);
  }
}

function nameOf(column: LocatedMap): string | undefined {
  return textAt(childOf(column, "name"));
}

function setRenamedFrom(
  column: LocatedMap,
  name: Located,
  { rename, edits }: { readonly rename: ColumnRename; readonly edits: Edits },
): void {
  const before = childOf(column, "renamed_from");
  if (before !== undefined) {
    edits.replace(before, rename.from);
    return;
  }
  if (name.node.kind !== "scalar") return;
  const line = `renamed_from: ${scalarText(rename.from)}`;
  if (column.node.flow) {
    edits.insert(name.node.end, `, ${line}`);
    return;
  }
  const indent = " ".repeat(edits.columnOf(column.node.entries.get("name")?.keyOffset ?? 0));
  edits.insert(edits.endOfLine(name.node.end), `${edits.lineEnd}${indent}${line}`);
}

function listOf(at: Located | undefined): readonly Located[] {
  return at === undefined ? [] : itemsOf(at);
}

/** Replaces the column's name in a name, in lists of names, and in the maps that constraints and indexes are. */
function editNames(at: Located | undefined, rename: ColumnRename, edits: Edits): void {
  if (at === undefined) return;
  if (at.node.kind === "list") {
    for (const item of itemsOf(at)) editNames(item, rename, edits);
  } else if (isMapAt(at)) {
    for (const key of ["columns", "column", "include"]) editNames(childOf(at, key), rename, edits);
  } else if (textAt(at) === rename.from) edits.replace(at, rename.to);
}

/** Replaces the column's name in SQL expressions. */
function editSql(at: Located | undefined, rename: ColumnRename, edits: Edits): void {
  if (at === undefined) return;
  if (at.node.kind === "list") {
    for (const item of itemsOf(at)) editSql(item, rename, edits);
  } else if (isMapAt(at)) {
    for (const key of ["expression", "where", "columns"]) editSql(childOf(at, key), rename, edits);
  } else {
    const sql = textAt(at);
    if (sql === undefined || sql === rename.from) return;
    const renamed = renameInSql(sql, new Map([[rename.from, rename.to]]));
    if (renamed !== sql) edits.replace(at, renamed);
  }
}

/** References of any table to the column. */
function editReferences(table: Located, rename: ColumnRename, edits: Edits): void {
  if (!isMapAt(table)) return;
  const places = [
    ...listOf(childOf(table, "fk")),
    ...listOf(childOf(table, "columns"))
      .filter(isMapAt)
      .flatMap((column) => childOf(column, "references") ?? []),
  ];
  for (const place of places) {
    if (textAt(place) === `${rename.table}.${rename.from}`) {
      edits.replace(place, `${rename.table}.${rename.to}`);
    } else if (isMapAt(place) && textAt(childOf(place, "table")) === rename.table) {
      editNames(childOf(place, "column"), rename, edits);
      editNames(childOf(place, "references"), rename, edits);
    }
  }
}
