import { parseRegistry, type Registry } from "@ctb-data/registry";
import * as fc from "fast-check";

/** A registry file as data; JSON is YAML. */
export interface RegistryData {
  schema?: string;
  enums: Record<string, { values: string[]; description?: string }>;
  tables: Record<string, TableData>;
}

export interface TableData {
  id?: string;
  description?: string;
  columns: ColumnData[];
  primary_key?: string[];
  unique?: { columns: string[]; name?: string }[];
  checks?: { expression: string; name?: string }[];
  indexes?: Record<string, unknown>[];
}

export interface ColumnData extends TypedColumn {
  name: string;
}

/** A column without its name. */
interface TypedColumn {
  type: string;
  references?: { table: string; on_delete?: string | undefined };
  [key: string]: unknown;
}

/** What things may be called. */
export interface Names {
  readonly schemas: readonly (string | undefined)[];
  readonly tables: readonly string[];
  readonly columns: readonly string[];
  readonly enums: readonly string[];
}

/** Names that are hard on nobody. */
export const plainNames: Names = {
  schemas: [undefined, "public", "own"],
  tables: ["clients", "order", "user", "blueprints", "imo_processes"],
  columns: ["name", "email", "group", "created_at", "x1", "status", "from", "größe"],
  enums: ["mood", "kind"],
};

/** Names that are hard on quoting. */
const tableNames = [
  "clients",
  "order",
  "User",
  "we ird",
  'quo"te',
  "tablé",
  "a".repeat(63),
  "constructor",
  "select",
];
const columnNames = [
  "name",
  "Group",
  "user",
  "e mail",
  'q"x',
  "größe",
  "b".repeat(55),
  "toString",
  "from",
  "x1",
  "status",
];
const enumNames = ["mood", "Kind of", "type"];
export const hostileNames: Names = {
  schemas: [undefined, undefined, "public", "Own schema"],
  tables: tableNames,
  columns: columnNames,
  enums: enumNames,
};

const enumValues = ["new", "it's", 'say "hi"', "back\\slash", "ünï", "with space", "{a,b}"];
const texts = ["People", "it's\nnew", "back\\slash", '"quoted" ; DROP TABLE x; --'];

/** Types with a default that PostgreSQL accepts for them. */
const types: readonly (readonly [type: string, defaults: readonly string[]])[] = [
  ["smallint", ["0", "-1"]],
  ["integer", ["42", "1 + 1"]],
  ["bigint", ["9007199254740993"]],
  ["numeric(10,2)", ["1.50"]],
  ["numeric", ["0"]],
  ["real", ["0.5"]],
  ["double precision", ["2.5", "random()"]],
  ["boolean", ["true", "1 > 0 AND 2 > 1"]],
  ["text", ["'it''s'", "''", "'a' || 'b'"]],
  ["varchar(20)", ["'active'"]],
  ["varchar", []],
  ["char(3)", ["'abc'"]],
  ["uuid", ["gen_random_uuid()"]],
  ["date", ["CURRENT_DATE", "'2026-01-31'"]],
  ["time", ["'04:05:06'"]],
  ["time(3)", []],
  ["timestamp", ["now()"]],
  ["timestamp(3)", []],
  ["timestamptz", ["now()", "CURRENT_TIMESTAMP"]],
  ["timestamptz(0)", []],
  ["interval", ["'1 day'"]],
  ["json", ["'{}'"]],
  ["jsonb", [`'{"a": 1}'`]],
  ["bytea", []],
  ["inet", ["'127.0.0.1'"]],
  ["text[]", ["'{}'"]],
  ["integer[]", ["ARRAY[1, 2]"]],
  ["timestamptz[]", []],
];

const description = fc.option(fc.constantFrom(...texts), { nil: undefined, freq: 3 });

function columnArbitrary(enums: readonly string[]): fc.Arbitrary<TypedColumn> {
  const plain = fc.constantFrom(...types).chain(([type, defaults]) =>
    fc.record(
      {
        type: fc.constant(type),
        nullable: fc.boolean(),
        default:
          defaults.length === 0
            ? fc.constant(undefined)
            : fc.option(fc.constantFrom(...defaults), { nil: undefined }),
        unique: type.startsWith("json")
          ? fc.constant(undefined)
          : fc.constantFrom(undefined, undefined, true),
        description,
      },
      { requiredKeys: ["type"] },
    ),
  );
  const encrypted = fc.record({
    type: fc.constantFrom("text", "varchar(40)"),
    encrypted: fc.constantFrom(true, { blind_index: true }),
    nullable: fc.boolean(),
  });
  if (enums.length === 0)
    return fc.oneof({ weight: 8, arbitrary: plain }, { weight: 1, arbitrary: encrypted });
  const ofEnum = fc.record({
    type: fc.constantFrom(...enums, ...enums.map((name) => `${name}[]`)),
    nullable: fc.boolean(),
    description,
  });
  return fc.oneof(
    { weight: 8, arbitrary: plain },
    { weight: 1, arbitrary: encrypted },
    { weight: 2, arbitrary: ofEnum },
  );
}

const keys = fc.constantFrom("serial", "bigserial", "integer", "uuid", "text", "composite", "none");

function tableArbitrary(
  names: Names,
  enums: readonly string[],
  others: readonly string[],
): fc.Arbitrary<TableData> {
  return fc
    .record({
      key: keys,
      columns: fc.uniqueArray(fc.tuple(fc.constantFrom(...names.columns), columnArbitrary(enums)), {
        selector: ([name]) => name,
        maxLength: 7,
      }),
      references: fc.uniqueArray(fc.constantFrom(...others), { maxLength: 2 }),
      onDelete: fc.constantFrom(undefined, "cascade", "set null", "restrict"),
      extras: fc.record({ index: fc.nat(7), check: fc.boolean() }),
      description,
    })
    .map(({ key, columns, references, onDelete, extras, description: text }) => {
      const list: ColumnData[] = [];
      if (key === "composite")
        list.push(
          { name: "k1", type: "integer", nullable: false },
          { name: "k2", type: "text", nullable: false },
        );
      else if (key !== "none") list.push({ name: "id", type: key, primary_key: true });
      for (const [name, column] of columns) list.push({ ...column, name });
      for (const other of references) {
        list.push({
          name: `ref ${other}`.slice(0, 55),
          type: "",
          references: { table: other, on_delete: onDelete },
        });
      }
      const table: TableData = { columns: list };
      if (key === "composite") table.primary_key = ["k1", "k2"];
      if (text !== undefined) table.description = text;
      addExtras(table, extras);
      return table;
    });
}

const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`;

function addExtras(table: TableData, { index, check }: { index: number; check: boolean }): void {
  const usable = table.columns.filter(
    (column) => column["encrypted"] === undefined && column.type !== "",
  );
  const text = usable.find(({ type }) => type === "text" || type.startsWith("varchar"));
  const number = usable.find(({ type }) => type === "integer" || type === "smallint");
  const simple = usable.find(({ type }) => !type.startsWith("json") && !type.endsWith("[]"));
  const json = usable.find(({ type }) => type === "jsonb");
  const indexes: Record<string, unknown>[] = [];
  if (index & 1 && text)
    indexes.push({ expression: `lower(${quoted(text.name)})`, unique: index > 4 });
  if (index & 2 && simple) {
    indexes.push({
      columns: [{ column: simple.name, order: "desc", nulls: "last" }],
      where: `${quoted(simple.name)} IS NOT NULL`,
    });
  }
  if (index & 4 && json)
    indexes.push({ columns: [{ column: json.name, opclass: "jsonb_path_ops" }], method: "gin" });
  if (index & 4 && simple && text && simple !== text)
    indexes.push({ columns: [simple.name], include: [text.name] });
  if (indexes.length > 0) table.indexes = indexes;
  if (!check) return;
  const checks: { expression: string; name?: string }[] = [];
  if (text) checks.push({ expression: `length(${quoted(text.name)}) > 0`, name: "named check" });
  if (number)
    checks.push({ expression: `${quoted(number.name)} >= 0 OR ${quoted(number.name)} = -1` });
  if (checks.length > 0) table.checks = checks;
}

/** Registries of up to five tables with everything that a registry can say. */
export function registryDataWith(names: Names): fc.Arbitrary<RegistryData> {
  return fc
    .record({
      schema: fc.constantFrom(...names.schemas),
      enums: fc.uniqueArray(
        fc.tuple(
          fc.constantFrom(...names.enums),
          fc.uniqueArray(fc.constantFrom(...enumValues), { minLength: 1 }),
          description,
        ),
        { selector: ([name]) => name },
      ),
      tables: fc.uniqueArray(fc.constantFrom(...names.tables), { minLength: 1, maxLength: 5 }),
    })
    .chain(({ schema, enums, tables }) => {
      const enumNamesUsed = enums.map(([name]) => name);
      return fc
        .tuple(...tables.map(() => tableArbitrary(names, enumNamesUsed, tables)))
        .map((list) => {
          const data: RegistryData = {
            enums: Object.fromEntries(
              enums.map(([name, values, text]) => [
                name,
                { values, ...(text !== undefined && { description: text }) },
              ]),
            ),
            tables: Object.fromEntries(
              tables.map((name, index) => [name, list[index] ?? { columns: [] }]),
            ),
          };
          if (schema !== undefined) data.schema = schema;
          return withReferences(data);
        });
    });
}

/** With names that need quotes, are key words, or are properties of every object. */
export const registryData: fc.Arbitrary<RegistryData> = registryDataWith(hostileNames);

/** Foreign keys get the type of what they refer to; tables without a plain key cannot be referred to. */
function withReferences(data: RegistryData): RegistryData {
  for (const table of Object.values(data.tables)) {
    table.columns = table.columns.flatMap((column) => {
      const reference = column.references;
      if (!reference) return [column];
      const target = data.tables[reference.table]?.columns.find(
        ({ primary_key }) => primary_key === true,
      );
      if (!target) return [];
      const type = target.type.replace("bigserial", "bigint").replace("serial", "integer");
      return [{ ...column, type, references: { column: target.name, ...reference } }];
    });
    if (table.columns.length === 0) table.columns.push({ name: "only", type: "integer" });
  }
  return data;
}

export function registryOf(data: RegistryData): Registry {
  return parseRegistry(JSON.stringify(data), { file: "random.yml" });
}

export const randomRegistry: fc.Arbitrary<Registry> = registryData.map(registryOf);

/** 10 runs, or 100 with SLOW=1. */
export const runs: fc.Parameters<unknown> = {
  numRuns: process.env["SLOW"] === undefined ? 10 : 100,
};

/** The same, in which every table has a primary key and every enum is some column's. */
export function withKeysAndUsedEnums(data: RegistryData): RegistryData {
  const tables = Object.values(data.tables);
  for (const table of tables) {
    const hasKey =
      table.primary_key ?? table.columns.some((column) => column["primary_key"] === true);
    if (hasKey === false) table.columns.push({ name: "key", type: "serial", primary_key: true });
  }
  for (const [index, name] of Object.keys(data.enums).entries()) {
    tables[index % tables.length]?.columns.push({ name: `uses_${index}`, type: name });
  }
  return data;
}
