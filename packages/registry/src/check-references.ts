import { formatColumnType } from "./column-type.ts";
import { nearest, quoted, suggestion } from "./problem.ts";
import type {
  ForeignKeyDraft,
  ReferenceDraft,
  RegistryChecking,
  TableDraft,
} from "./registry-draft.ts";
import type { ColumnType } from "./registry.ts";

/** All tables, so that one finds the other. */
export interface ReferenceChecking extends RegistryChecking {
  readonly tables: ReadonlyMap<string, TableDraft>;
  /** Tables that could not be read: they may be referenced all the same. */
  readonly lostTables: ReadonlySet<string>;
}

/** Looks up the other side of each foreign key of a table, and reports what PostgreSQL would refuse. */
export function foreignKeysOf(
  table: TableDraft,
  checking: ReferenceChecking,
): readonly ForeignKeyDraft[] {
  const seen = new Map<string, ReferenceDraft>();
  return table.references.flatMap((reference) => {
    const key = resolve(table, reference, checking);
    if (key === undefined) return [];
    const same = JSON.stringify([key.columns, key.referencedTable, key.referencedColumns]);
    if (seen.has(same)) {
      checking.problems.error(
        reference.spot,
        "duplicate-name",
        `the foreign key to ${quoted(key.referencedTable)} is declared twice`,
      );
      return [];
    }
    seen.set(same, reference);
    checkSides(table, key, checking);
    return [key];
  });
}

interface Target {
  readonly table: TableDraft;
  readonly columns: readonly string[];
}

function resolve(
  table: TableDraft,
  reference: ReferenceDraft,
  checking: ReferenceChecking,
): ForeignKeyDraft | undefined {
  const target = targetOf(reference, checking);
  if (target === undefined) return undefined;
  const { columns = target.columns, name, spot, onDelete, onUpdate } = reference;
  if (columns.length !== target.columns.length) {
    checking.problems.error(
      spot,
      "invalid-reference",
      `${columns.length} columns cannot reference ${target.columns.length}`,
    );
    return undefined;
  }
  for (const column of columns) {
    if (table.columns.has(column)) continue;
    if (!table.incomplete && reference.columns === undefined) {
      const near = suggestion(column, table.columns.keys());
      checking.problems.error(
        spot,
        "unknown-name",
        `the table has no column ${quoted(column)}${near}`,
        "fk names a column that has the same name here; otherwise put references at the column",
      );
    }
    return undefined;
  }
  return {
    name,
    spot,
    columns,
    referencedTable: target.table.name,
    referencedColumns: target.columns,
    onDelete,
    onUpdate,
  };
}

function targetOf(
  { target, spot }: ReferenceDraft,
  checking: ReferenceChecking,
): Target | undefined {
  const { problems, tables, lostTables } = checking;
  const { table: name, columns } =
    typeof target === "string" ? splitTarget(target, checking) : target;
  const table = tables.get(name);
  if (table === undefined) {
    if (!lostTables.has(name)) {
      problems.error(
        spot,
        "unknown-name",
        `there is no table ${quoted(name)}${suggestion(name, tables.keys())}`,
      );
    }
    return undefined;
  }
  const named = columns.length > 0 ? columns : table.primaryKey?.columns;
  if (named === undefined) {
    problems.error(
      spot,
      "invalid-reference",
      `the table ${quoted(name)} has no primary key`,
      "name the column, as in table.column",
    );
    return undefined;
  }
  const unknown = named.find((column) => !table.columns.has(column));
  if (unknown === undefined) return { table, columns: named };
  if (!table.incomplete) {
    const near = nearest(unknown, table.columns.keys());
    const meant = near === undefined ? "" : `, did you mean ${quoted(`${name}.${near}`)}?`;
    problems.error(
      spot,
      "unknown-name",
      `the table ${quoted(name)} has no column ${quoted(unknown)}${meant}`,
    );
  }
  return undefined;
}

/** `clients.id`; `public.clients.id` and names with dots in them are understood when they exist. */
function splitTarget(
  text: string,
  { tables, schema }: ReferenceChecking,
): { readonly table: string; readonly columns: readonly string[] } {
  const bare =
    text.startsWith(`${schema}.`) && !tables.has(schema) ? text.slice(schema.length + 1) : text;
  if (tables.has(bare)) return { table: bare, columns: [] };
  for (let dot = bare.indexOf("."); dot !== -1; dot = bare.indexOf(".", dot + 1)) {
    const table = bare.slice(0, dot);
    if (tables.get(table)?.columns.has(bare.slice(dot + 1)) === true)
      return { table, columns: [bare.slice(dot + 1)] };
  }
  const last = bare.lastIndexOf(".");
  return last === -1
    ? { table: bare, columns: [] }
    : { table: bare.slice(0, last), columns: [bare.slice(last + 1)] };
}

function checkSides(
  table: TableDraft,
  key: ForeignKeyDraft,
  { problems, tables }: ReferenceChecking,
): void {
  const target = tables.get(key.referencedTable);
  if (target === undefined) return;
  const there = `${quoted(key.referencedTable)} (${key.referencedColumns.join(", ")})`;
  for (const [index, name] of key.columns.entries()) {
    const column = table.columns.get(name)?.column;
    const other = target.columns.get(key.referencedColumns[index] ?? "")?.column;
    if (column === undefined || other === undefined) continue;
    if (column.encryption !== undefined || other.encryption !== undefined) {
      problems.error(
        key.spot,
        "invalid-encryption",
        "an encrypted column cannot be in a foreign key, because each ciphertext is another one",
      );
    } else if (!comparable(column.type, other.type)) {
      problems.error(
        key.spot,
        "invalid-reference",
        `${quoted(name)} is ${formatColumnType(column.type)}, but ${quoted(`${target.name}.${other.name}`)} is ${formatColumnType(other.type)}`,
        "give both the same type",
      );
    }
    checkActions(key, name, column, problems);
  }
  if (!isUnique(target, key.referencedColumns) && !target.incomplete) {
    problems.error(
      key.spot,
      "invalid-reference",
      `${there} is neither the primary key nor unique, so that it can have several rows of one value`,
      "make it unique",
    );
  }
}

function checkActions(
  key: ForeignKeyDraft,
  name: string,
  column: { readonly nullable: boolean; readonly default?: string },
  problems: RegistryChecking["problems"],
): void {
  if (column.nullable) return;
  const actions = new Set([key.onDelete, key.onUpdate]);
  if (actions.has("set null")) {
    problems.error(
      key.spot,
      "conflict",
      `"set null" cannot work: the column ${quoted(name)} is not nullable`,
      "make it nullable, or use restrict or cascade",
    );
  }
  if (actions.has("set default") && column.default === undefined) {
    problems.error(
      key.spot,
      "conflict",
      `"set default" cannot work: the column ${quoted(name)} has no default and is not nullable`,
    );
  }
}

const families: readonly (readonly ColumnType["kind"][])[] = [
  ["int16", "int32", "int64"],
  ["float32", "float64"],
  ["date", "timestamp", "timestamptz"],
];

/** Whether PostgreSQL can compare a referencing value with a referenced one. */
function comparable(from: ColumnType, to: ColumnType): boolean {
  if (from.dimensions > 0 !== to.dimensions > 0) return false;
  if (from.kind === "enum" || to.kind === "enum") return from.name === to.name;
  if (from.kind === to.kind) return true;
  if (from.dimensions > 0) return false;
  return families.some((family) => family.includes(from.kind) && family.includes(to.kind));
}

/** Whether a foreign key may lead to these columns: a key of exactly them, in any order. */
function isUnique(table: TableDraft, columns: readonly string[]): boolean {
  const wanted = JSON.stringify(columns.toSorted());
  const keys = [
    ...(table.primaryKey === undefined ? [] : [table.primaryKey.columns]),
    ...table.uniques.map((unique) => unique.columns),
    ...table.indexes.flatMap((index) =>
      index.unique && index.where === undefined ? [plainColumns(index.parts)] : [],
    ),
  ];
  return keys.some(
    (key) => key.length === columns.length && JSON.stringify(key.toSorted()) === wanted,
  );
}

function plainColumns(parts: TableDraft["indexes"][number]["parts"]): readonly string[] {
  return parts.map((part) => ("column" in part ? part.column : ""));
}
