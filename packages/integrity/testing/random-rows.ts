import { integer, array, boolean, constantFrom, option, record, uniqueArray, type Arbitrary } from "fast-check"; // prettier-ignore

/** A type with eight values, each as SQL writes it. Those of a family compare. */
interface RandomType {
  readonly sql: string;
  readonly family: string;
  readonly literal: (value: number) => string;
}

const words = ["''", "'a'", "'A'", "E'a\\tb'", "E'\\\\'", "'it''s'", "'🎉'", "E'\\\\N'"];
const uuid = (value: number): string => `'00000000-0000-4000-8000-00000000000${value}'`;

const types: readonly RandomType[] = [
  { sql: "smallint", family: "near", literal: (value) => String(value - 3) },
  { sql: "integer", family: "near", literal: (value) => String(value - 3) },
  { sql: "bigint", family: "near", literal: (value) => String(value - 3) },
  { sql: "numeric", family: "near", literal: (value) => `${value - 3}.0` },
  { sql: "bigint", family: "far", literal: (value) => String(BigInt(value) * 10n ** 18n) },
  { sql: "text", family: "word", literal: (value) => words[value] ?? "''" },
  { sql: 'varchar(9) COLLATE "C"', family: "word", literal: (value) => words[value] ?? "''" },
  { sql: "uuid", family: "uuid", literal: uuid },
  { sql: "date", family: "date", literal: (value) => `'2026-01-0${value + 1}'` },
  { sql: "int[]", family: "list", literal: (value) => `ARRAY[${value}, NULL]::int[]` },
];

/** One of eight values, or null. */
type Value = number | null;

export interface RandomReference {
  /** Numbers of columns; the same in both tables, in any order. */
  readonly columns: readonly number[];
  readonly match: "simple" | "full";
  readonly self: boolean;
}

export interface RandomKey {
  readonly columns: readonly number[];
  readonly nullsNotDistinct: boolean;
  /** Only rows with an even id. */
  readonly partial: boolean;
}

/** Two tables of three columns each, their rows, and what is asked of them. */
export interface RandomRows {
  readonly parentTypes: readonly RandomType[];
  readonly childTypes: readonly RandomType[];
  readonly parents: readonly (readonly Value[])[];
  /** The first has the id 0. */
  readonly children: readonly (readonly Value[])[];
  readonly references: readonly RandomReference[];
  readonly keys: readonly RandomKey[];
  readonly partitioned: boolean;
  readonly connections: number;
}

const columns = uniqueArray(integer({ min: 0, max: 2 }), { minLength: 1, maxLength: 3 });
const rows = (maxLength: number): Arbitrary<readonly (readonly Value[])[]> =>
  array(array(option(integer({ min: 0, max: 7 }), { freq: 6 }), { minLength: 3, maxLength: 3 }), { maxLength }); // prettier-ignore

export const randomRows: Arbitrary<RandomRows> = array(constantFrom(...types), {
  minLength: 3,
  maxLength: 3,
}).chain((parentTypes) =>
  array(integer({ min: 0, max: 9 }), { minLength: 3, maxLength: 3 }).chain((choices) =>
    record({
      parents: rows(20),
      children: rows(40),
      references: array(record({ columns, match: constantFrom("simple" as const, "full" as const), self: boolean() }), { maxLength: 4 }),
      keys: array(record({ columns, nullsNotDistinct: boolean(), partial: boolean() }), { maxLength: 4 }),
      partitioned: boolean(),
      connections: integer({ min: 1, max: 4 }),
    }).map((rest) => ({
      ...rest,
      parentTypes,
      childTypes: parentTypes.map(({ family }, index) => pick(types.filter((one) => one.family === family), choices[index])),
    })),
  ),
); // prettier-ignore

function pick(list: readonly RandomType[], choice = 0): RandomType {
  const found = list[choice % list.length];
  if (!found) throw new Error("There is a type of each family.");
  return found;
}

function columnsSql(prefix: string, list: readonly RandomType[]): string {
  return list.map(({ sql }, index) => `${prefix}${index} ${sql}`).join(", ");
}

function valuesSql(list: readonly RandomType[], row: readonly Value[]): string {
  return list
    .map(({ literal }, index) => (typeof row[index] === "number" ? literal(row[index]) : "NULL"))
    .join(", ");
}

/** Statements that make both tables, `parents (k0, k1, k2)` and `children (id, c0, c1, c2)`. */
export function tablesSql({
  parentTypes,
  childTypes,
  parents,
  children,
  partitioned,
}: RandomRows): readonly string[] {
  return [
    "DROP TABLE IF EXISTS parents, children",
    `CREATE TABLE parents (${columnsSql("k", parentTypes)})`,
    ...parents.map((row) => `INSERT INTO parents VALUES (${valuesSql(parentTypes, row)})`),
    `CREATE TABLE children (id int PRIMARY KEY, ${columnsSql("c", childTypes)})${partitioned ? " PARTITION BY HASH (id)" : ""}`,
    ...(partitioned ? [0, 1].map((rest) => `CREATE TABLE children_${rest} PARTITION OF children FOR VALUES WITH (MODULUS 2, REMAINDER ${rest})`) : []),
    ...children.map((row, id) => `INSERT INTO children VALUES (${id}, ${valuesSql(childTypes, row)})`),
  ]; // prettier-ignore
}

/** The ids of the rows that lead nowhere. */
export function orphansOf(world: RandomRows, reference: RandomReference): readonly number[] {
  const keyOf = (row: readonly Value[]): readonly Value[] => reference.columns.map((column) => row[column] ?? null); // prettier-ignore
  const targets = reference.self ? world.children : world.parents;
  const there = new Set(
    targets
      .map(keyOf)
      .filter((key) => !key.includes(null))
      .map(String),
  );
  return world.children.flatMap((row, id) => {
    const key = keyOf(row);
    const nulls = key.filter((value) => value === null).length;
    if (nulls === key.length || (nulls > 0 && reference.match === "simple")) return [];
    return nulls === 0 && there.has(String(key)) ? [] : [id];
  });
}

/** The ids of the rows that are too many. */
export function surplusOf(world: RandomRows, key: RandomKey): readonly number[] {
  const seen = new Set<string>();
  return world.children.flatMap((row, id) => {
    const value = key.columns.map((column) => row[column] ?? null);
    if (key.partial && id % 2 === 1) return [];
    if (value.includes(null) && !key.nullsNotDistinct) return [];
    const text = JSON.stringify(value);
    if (seen.has(text)) return [id];
    seen.add(text);
    return [];
  });
}
