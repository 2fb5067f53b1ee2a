import { parseRegistry, type Registry } from "@ctb-data/registry";
import * as fc from "fast-check";

interface ColumnData {
  name: string;
  type: string;
  [key: string]: unknown;
}

interface TableData {
  columns: ColumnData[];
  primary_key?: string[];
  unique?: { columns: string[] }[];
  checks?: string[];
  indexes?: Record<string, unknown>[];
}

/** 10 runs, or 100 with SLOW=1. */
export const runs: fc.Parameters<unknown> = {
  numRuns: process.env["SLOW"] === undefined ? 10 : 100,
};

/** Columns by type and rule; `check` has the column's name, quoted, in the place of `%`. */
const columns: readonly (Omit<ColumnData, "name"> & { readonly type: string })[] = [
  { type: "smallint" },
  { type: "smallint", min: -3, max: 500 },
  { type: "integer" },
  { type: "integer", check: "% > 0 AND % <> 1" },
  { type: "integer", check: "% IN (1, 2, 3)" },
  { type: "integer", check: "% >= 0 OR % = -1" },
  { type: "bigint" },
  { type: "bigint", check: "% BETWEEN 9007199254740993 AND 9007199254741993" },
  { type: "numeric" },
  { type: "numeric(10,2)", min: 0.5 },
  { type: "numeric(3,3)" },
  { type: "numeric(4,6)" },
  { type: "numeric(3,-2)" },
  { type: "numeric(12,4)", check: "% > 0 AND % < 0.01" },
  { type: "real" },
  { type: "real", min: 0, max: 1 },
  { type: "double precision" },
  { type: "double precision", check: "% >= -1.5 AND % < 1.5" },
  { type: "boolean" },
  { type: "boolean", default: "true" },
  { type: "text" },
  { type: "text", min: 3, max: 5 },
  { type: "text", pattern: "^[A-Z]{2}-\\d{4}(?:-[a-z]+)?$" },
  { type: "text", pattern: "^(?=.*\\d)(?=.*[a-z])[a-z\\d]{8,12}$" },
  { type: "text", pattern: '^(?<a>\\p{L})\\k<a>[^\\s"]{2,}$' },
  { type: "text", pattern: "\\bfoo\\b" },
  { type: "text", format: "email" },
  { type: "text", format: "url" },
  { type: "text", format: "uri" },
  { type: "text", format: "hostname" },
  { type: "text", format: "ipv4" },
  { type: "text", format: "ipv6" },
  { type: "text", format: "phone" },
  { type: "text", format: "slug" },
  { type: "text", check: "char_length(%) BETWEEN 2 AND 4" },
  { type: "text", check: "lower(%) = %" },
  { type: "text", check: "% ~ '^[0-9]{3}$'" },
  { type: "varchar(20)", enum: ["new", "it's", "done"] },
  { type: "varchar(12)" },
  { type: "varchar(3)" },
  { type: "varchar(255)", default: "'active'" },
  { type: "char(3)" },
  { type: "uuid" },
  { type: "uuid", default: "gen_random_uuid()" },
  { type: "date" },
  { type: "date", check: "% >= '2020-01-01' AND % < DATE '2030-01-01'" },
  { type: "time" },
  { type: "time(0)" },
  { type: "time(3)", check: "% >= '09:00' AND % <= '17:00'" },
  { type: "timestamp" },
  { type: "timestamp(3)", default: "now()" },
  { type: "timestamp", check: "% > '2020-01-01 12:00:00'" },
  { type: "timestamptz" },
  { type: "timestamptz(0)" },
  { type: "interval" },
  { type: "json" },
  { type: "jsonb" },
  { type: "bytea" },
  { type: "inet" },
  { type: "mood" },
  { type: "mood[]" },
  { type: "text[]" },
  { type: "text[][]" },
  { type: "integer[]" },
  { type: "boolean[]" },
  { type: "numeric(6,2)[]" },
  { type: "timestamptz[]" },
  { type: "jsonb[]" },
  { type: "bytea[]" },
  { type: "text", encrypted: true },
  { type: "varchar(40)", encrypted: { blind_index: { normalize: "lowercase" } } },
  { type: "integer", encrypted: true },
  { type: "jsonb", encrypted: true },
];

/** Kinds of columns that have so many values that a unique one can be had often. */
const uniques: readonly Omit<ColumnData, "name">[] = [
  { type: "integer" }, { type: "bigint" }, { type: "numeric(10,2)" }, { type: "numeric" }, { type: "real" },
  { type: "double precision", min: 0, max: 1 }, { type: "text" }, { type: "text", format: "email" },
  { type: "text", pattern: "^[A-Z]{3}\\d{2}$" }, { type: "varchar(4)" }, { type: "char(3)" }, { type: "uuid" }, { type: "date" },
  { type: "time" }, { type: "timestamp" }, { type: "timestamptz" }, { type: "interval" }, { type: "jsonb" },
  { type: "bytea" }, { type: "inet" }, { type: "text[]" }, { type: "boolean[]" }, { type: "mood[]" },
  { type: "text", encrypted: { blind_index: { normalize: "lowercase" } } },
  { type: "bigint", encrypted: { blind_index: true } },
]; // prettier-ignore

const columnNames = [
  "name", "email", "Phone", "created_at", "valid until", 'q"x', "größe", "from", "status", "price", "notes", "city",
  "birth_date", "toString", "constructor", "x1", "code",
]; // prettier-ignore

const tableNames = ["clients", "order", "We ird", 'quo"te', "tablé"];
const keys = ["serial", "bigserial", "integer", "smallint", "uuid", "text", "date", "pair", "tiny", "none"] as const; // prettier-ignore

const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`;

const columnList = fc
  .uniqueArray(
    fc.tuple(
      fc.constantFrom(...columnNames),
      fc.oneof(
        { weight: 4, arbitrary: fc.constantFrom(...columns) },
        { weight: 1, arbitrary: fc.constantFrom(...uniques.map((column): Omit<ColumnData, "name"> => ({ ...column, unique: true }))) },
      ),
      fc.boolean(),
    ),
    { selector: ([name]) => name, minLength: 1, maxLength: 8 },
  )
  .map((list) =>
    list.map(([name, column, nullable]): ColumnData => {
      const { check, type, ...rest } = column;
      const checked = typeof check === "string" ? { check: check.replaceAll("%", quoted(name)) } : {};
      return { ...rest, ...checked, name, type: String(type), nullable };
    }),
  ); // prettier-ignore

const tableData = fc.record({
  key: fc.constantFrom(...keys),
  columns: columnList,
  references: fc.uniqueArray(
    fc.record({
      table: fc.constantFrom(...tableNames),
      nullable: fc.boolean(),
      unique: fc.constantFrom(undefined, undefined, true),
    }),
    { selector: ({ table }) => table, maxLength: 3 },
  ),
  ordered: fc.boolean(),
});

function keyColumns(key: (typeof keys)[number]): readonly ColumnData[] {
  if (key === "none") return [];
  if (key === "pair")
    return [{ name: "k1", type: "mood", nullable: false }, { name: "k2", type: "varchar(5)", nullable: false }]; // prettier-ignore
  if (key === "tiny") return [{ name: "id", type: "mood", primary_key: true }];
  return [{ name: "id", type: key, primary_key: true }];
}

/** Registries of up to four tables, which refer to each other and to themselves, with every type and rule. */
export const randomRulesRegistry: fc.Arbitrary<Registry> = fc
  .uniqueArray(fc.tuple(fc.constantFrom(...tableNames), tableData), {
    selector: ([name]) => name,
    minLength: 1,
    maxLength: 4,
  })
  .map((list) => {
    const keyOf = new Map(list.map(([name, { key }]) => [name, key]));
    const order = list.map(([name]) => name);
    const tables = list.map(([name, data]): [string, TableData] => {
      const references = data.references.flatMap(({ table, nullable, unique }): ColumnData[] => {
        const key = keyOf.get(table);
        if (key === undefined || key === "none" || key === "pair") return [];
        // A circle of references that must all be there cannot begin.
        const isForward = order.indexOf(table) > order.indexOf(name);
        const type = key === "tiny" ? "mood" : key.replace("bigserial", "bigint").replace("serial", "integer");
        const optional = nullable || isForward || (table === name && key.endsWith("serial"));
        const isUnique = key === "tiny" ? {} : { unique };
        return [{ name: `${table} ref_id`, type, nullable: optional, references: `${table}.id`, ...isUnique }];
      });
      const ordered: ColumnData[] = data.ordered
        ? [{ name: "starts", type: "timestamp" }, { name: "ends", type: "timestamp" }]
        : [];
      return [
        name,
        {
          columns: [...keyColumns(data.key), ...data.columns, ...references, ...ordered],
          ...(data.key === "pair" ? { primary_key: ["k1", "k2"] } : {}),
          ...(data.ordered ? { checks: ["starts < ends"] } : {}),
        },
      ];
    });
    const text = JSON.stringify({ enums: { mood: ["sad", "ok", "it's \"great\""] }, tables: Object.fromEntries(tables) });
    return parseRegistry(text, { file: "random.yml" });
  }); // prettier-ignore
