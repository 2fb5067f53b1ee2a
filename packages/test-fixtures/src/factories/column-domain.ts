import type { Column, ColumnType, Table } from "@ctb-data/registry";
import { columnsIn, readSql } from "@ctb-data/registry";
import { readCheck, type CheckTerm } from "./check-terms.ts";

/** One end of a range, as PostgreSQL's text. */
export interface Bound {
  readonly text: string;
  /** The value itself is not in the range. */
  readonly exclusive: boolean;
}

/** Which values a column may have, by its type, the rules of the registry, and the checks that are understood. */
export interface ColumnDomain {
  readonly table: string;
  readonly name: string;
  readonly column: Column;
  readonly type: ColumnType;
  readonly lows: readonly Bound[];
  readonly highs: readonly Bound[];
  /** In code points, of each text. */
  readonly minLength: number;
  readonly maxLength: number;
  readonly patterns: readonly string[];
  /** The only texts of PostgreSQL that it may have. */
  readonly oneOf: readonly string[] | undefined;
  readonly noneOf: ReadonlySet<string>;
  readonly letterCase: "lower" | "upper" | undefined;
  readonly nullable: boolean;
  /** A check wants null, and nothing else. */
  readonly alwaysNull: boolean;
  /** The bytes that a value may have so that a B-tree's page still takes it. Undefined when it is in no index. */
  readonly maxIndexBytes: number | undefined;
}

/** A column that has to be less than another one of its row. */
export type ColumnOrder = Extract<CheckTerm, { readonly kind: "order" }>;

/** What the checks of a table say, sorted by columns. */
export interface TableChecks {
  readonly terms: readonly CheckTerm[];
  readonly orders: readonly ColumnOrder[];
  /** The checks of which something was not understood. */
  readonly open: readonly string[];
}

export function readChecks(table: Table): TableChecks {
  const read = table.checks.map((check) => ({ check, ...readCheck(check.expression, table.columns) })); // prettier-ignore
  const terms = read.flatMap((check) => check.terms);
  return {
    terms,
    orders: terms.filter((term) => term.kind === "order"),
    open: read.filter(({ complete }) => !complete).map(({ check }) => check.name),
  };
}

/** PostgreSQL's B-tree refuses entries of more than a third of a page: 2,704 bytes with their header. */
const pageEntryBytes = 2600;

/** The bytes that a column may have in the indexes of its table. */
function indexBytesOf(table: Table, name: string): number | undefined {
  const keys: readonly (readonly string[])[] = [
    ...(table.primaryKey ? [table.primaryKey.columns] : []),
    ...table.uniques.map(({ columns }) => columns),
    ...table.indexes.map((index) => [...index.parts.flatMap((part) => columnsOfPart(part, table)), ...index.include]),
  ]; // prettier-ignore
  const sizes = keys.filter((columns) => columns.includes(name)).map(({ length }) => length);
  return sizes.length === 0 ? undefined : Math.floor(pageEntryBytes / Math.max(...sizes));
}

/** The columns of one part of an index, those of an expression too. */
export function columnsOfPart(
  part: Table["indexes"][number]["parts"][number],
  table: Pick<Table, "columns">,
): readonly string[] {
  if ("column" in part) return [part.column];
  const read = readSql(part.expression);
  return "tokens" in read ? columnsIn(read.tokens, table.columns) : [];
}

/** What may stand in a column. */
export function domainOf(table: Table, column: Column, checks: TableChecks): ColumnDomain {
  const terms = checks.terms.filter((term) => "column" in term && term.column === column.name);
  const { type } = column;
  const isText = type.kind === "text";
  const lengths = lengthsOf(column, terms);
  const lists = [
    ...(column.oneOf === undefined ? [] : [column.oneOf]),
    ...terms.flatMap((term) => (term.kind === "one-of" ? [term.values] : [])),
  ];
  const [first, ...others] = lists;
  const nulls = new Set(terms.flatMap((term) => (term.kind === "null" ? [term.isNull] : [])));
  return {
    table: table.name,
    name: column.name,
    column,
    type,
    lows: boundsOf(column, terms, "low"),
    highs: boundsOf(column, terms, "high"),
    minLength: isText ? lengths.min : 0,
    maxLength: isText ? lengths.max : Infinity,
    patterns: [
      ...(column.pattern === undefined ? [] : [column.pattern]),
      ...terms.flatMap((term) => (term.kind === "pattern" && isRegex(term.pattern) ? [term.pattern] : [])),
    ],
    oneOf: first?.filter((value) => others.every((other) => other.includes(value))),
    noneOf: new Set(terms.flatMap((term) => (term.kind === "none-of" ? term.values : []))),
    letterCase: terms.find((term) => term.kind === "case")?.to,
    nullable: column.nullable && !nulls.has(false),
    alwaysNull: column.nullable && nulls.has(true),
    maxIndexBytes: indexBytesOf(table, column.name),
  };
} // prettier-ignore

function isRegex(pattern: string): boolean {
  try {
    return new RegExp(pattern, "u") instanceof RegExp;
  } catch {
    return false;
  }
}

function lengthsOf(
  { type, min = 0, max = Infinity }: Column,
  terms: readonly CheckTerm[],
): { readonly min: number; readonly max: number } {
  const room =
    type.kind === "enum" ? undefined : (type.length ?? (type.name === "char" ? 1 : undefined));
  const lengths = { min, max: Math.min(max, room ?? Infinity) };
  for (const term of terms) {
    if (term.kind !== "length") continue;
    const whole = { ">": Math.floor(term.than) + 1, ">=": Math.ceil(term.than) };
    const below = { "<": Math.ceil(term.than) - 1, "<=": Math.floor(term.than) };
    if (term.is === ">" || term.is === ">=") lengths.min = Math.max(lengths.min, whole[term.is]);
    else lengths.max = Math.min(lengths.max, below[term.is]);
  }
  return lengths;
}

function boundsOf(
  { type, min, max }: Column,
  terms: readonly CheckTerm[],
  end: "low" | "high",
): readonly Bound[] {
  const rule = type.kind === "text" ? undefined : end === "low" ? min : max;
  const [strict, inclusive] = end === "low" ? [">", ">="] : ["<", "<="];
  return [
    ...(rule === undefined ? [] : [{ text: String(rule), exclusive: false }]),
    ...terms.flatMap((term) => {
      if (term.kind !== "bound" || (term.is !== strict && term.is !== inclusive)) return [];
      return [{ text: term.than, exclusive: term.is === strict }];
    }),
  ];
}
