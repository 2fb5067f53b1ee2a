import { parseRegistry, type Registry } from "@ctb-data/registry";
import * as fc from "fast-check";

const plain = [
  "smallint", "integer", "bigint", "numeric", "numeric(5,2)", "numeric(3,-2)", "numeric(2,4)", "real", "double precision", "boolean", "text",
  "varchar(5)", "varchar", "char(3)", "char", "uuid", "date", "time", "time(3)", "timestamp", "timestamp(0)", "timestamptz", "timestamptz(3)",
  "interval", "json", "jsonb", "bytea", "inet", "mood", "text[]", "integer[]", "bigint[]", "numeric(5,2)[]", "real[]", "boolean[]",
  "timestamptz[]", "date[]", "jsonb[]", "json[]", "bytea[]", "inet[]", "mood[]", "varchar(3)[]", "text[][]", "integer[][]", "mood[][]", "uuid[]",
]; // prettier-ignore

/** Every type of column that there is, in names that are hard on somebody. */
export const everyColumn: Registry = registryOf(plain.map((type) => ({ type })));

interface RandomColumn {
  readonly type: string;
  readonly [rule: string]: unknown;
}

function registryOf(columns: readonly RandomColumn[]): Registry {
  const names = [
    "größe",
    "e mail",
    'q"x',
    "constructor",
    "from",
    "toString",
    "a.b",
    "`",
    "_own",
    "\\",
  ];
  return parseRegistry(
    JSON.stringify({
      enums: { mood: { values: ["new", "it's", "", "😀"] } },
      tables: {
        things: {
          columns: columns.map((rules, index) => ({
            name: index < names.length ? names[index] : `c${index}`,
            ...rules,
          })),
        },
      },
    }),
    { file: "every-column.yml" },
  );
}

const rules = fc.oneof(
  { weight: 3, arbitrary: fc.constant({}) },
  { weight: 1, arbitrary: fc.constantFrom({ nullable: false }) },
);

function columnOf(type: string): fc.Arbitrary<RandomColumn> {
  return fc.tuple(rules, ownRules(type)).map(([all, own]) => ({ type, ...all, ...own }));
}

/** No address is as short as `varchar(5)`. */
function ownRules(type: string): fc.Arbitrary<object> {
  const isText = /^(?:text|varchar)(?:\(\d+\))?$/.test(type);
  if (isText && !type.endsWith(")"))
    return fc.constantFrom({}, { format: "email" }, { pattern: "^[a-z]+$" });
  if (isText) return fc.constantFrom({}, { min: 2 }, { max: 3 }, { pattern: "^[a-z]+$" });
  return /^(?:smallint|integer|bigint|numeric|real)$/.test(type)
    ? fc.constantFrom({}, { min: -5, max: 500 })
    : fc.constant({});
}

/** One table of some columns, some with rules. */
export const randomRegistry: fc.Arbitrary<Registry> = fc
  .array(fc.constantFrom(...plain).chain(columnOf), { minLength: 1, maxLength: 12 })
  .map(registryOf);
