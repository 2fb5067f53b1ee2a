import { describe, expect, test } from "vitest";
import { checkRegistry, parseRegistry } from "./index.ts";

/** The messages about one table with these columns. */
function messagesOf(...columns: readonly string[]): readonly string[] {
  const text = `tables:\n  t:\n    columns:\n${columns.map((column) => `      - { ${column} }\n`).join("")}`;
  return checkRegistry([{ file: "r.yml", text }]).problems.map(({ message }) => message);
}

function columnOf(column: string) {
  return parseRegistry(`tables: { t: { columns: [{ name: c, ${column} }] } }`)
    .tables.get("t")
    ?.columns.get("c");
}

describe("nullability", () => {
  test("a column is nullable unless it says otherwise, a serial and a primary key never are", () => {
    expect(columnOf("type: text")?.nullable).toBe(true);
    expect(columnOf("type: text, required: true")?.nullable).toBe(false);
    expect(columnOf("type: text, nullable: false")?.nullable).toBe(false);
    expect(columnOf("type: text, required: false, nullable: true")?.nullable).toBe(true);
    expect(columnOf("type: bigserial")?.nullable).toBe(false);
    expect(columnOf("type: text, pk: true")?.nullable).toBe(false);
  });

  test("nullable and required must not contradict each other", () => {
    expect(messagesOf("name: a, type: text, nullable: true, required: true")).toEqual([
      "nullable: true and required: true contradict each other",
    ]);
    expect(messagesOf("name: a, type: text, nullable: false, required: false")).toHaveLength(1);
  });

  test("a primary key or a serial cannot be nullable", () => {
    expect(messagesOf("name: a, type: text, pk: true, nullable: true")).toEqual([
      "a column that is in the primary key cannot be null",
    ]);
    expect(messagesOf("name: a, type: serial, required: false")).toEqual([
      "a column that is a serial cannot be null",
    ]);
  });
});

describe("primary keys", () => {
  test("a key has several columns when the table or several columns say so", () => {
    const registry = parseRegistry(`
tables:
  a: { pk: [x, y], columns: [{ name: x, type: text }, { name: y, type: text }] }
  b: { columns: [{ name: x, type: text, primary_key: true }, { name: y, type: text, pk: true }] }
  c: { primary_key: x, columns: [{ name: x, type: text }] }
  d: { columns: [{ name: x, type: text }] }
`);
    expect([...registry.tables.values()].map(({ primaryKey }) => primaryKey?.columns)).toEqual([
      ["x", "y"],
      ["x", "y"],
      ["x"],
      undefined,
    ]);
    expect(registry.tables.get("a")?.columns.get("y")?.nullable).toBe(false);
  });

  test("a key must name columns that exist, each once, and agree with the columns' flags", () => {
    const { problems } = checkRegistry([
      {
        file: "r.yml",
        text: `
tables:
  a: { pk: [x, z, x], primary_key: x, columns: [{ name: x, type: text }] }
  b: { pk: [x, zz], columns: [{ name: x, type: text }, { name: y, type: text, pk: true }, { name: z, type: text }] }
  c: { pk: [x, x], columns: [{ name: x, type: json }] }
`,
      },
    ]);
    expect(problems.map(({ message }) => message)).toEqual([
      '"pk" is short for "primary_key"',
      'the table has no column "zz", did you mean "z"?',
      "the column is marked as primary key, but the key of the table is x, zz",
      'the column "x" is here twice',
      'the column "x" cannot be in a primary key, because json values cannot be compared',
    ]);
  });
});

test("two columns of one name are refused, with the place of the first", () => {
  expect(messagesOf("name: a, type: text", "name: a, type: integer")).toEqual([
    'the table has two columns "a", the first at r.yml:4',
  ]);
});

describe("defaults", () => {
  test.each([
    "now()",
    "0",
    "-1.50",
    "true",
    "CURRENT_TIMESTAMP",
    "NULL",
    "\"'active'\"",
    "\"'{}'::jsonb\"",
    "gen_random_uuid()",
    "\"now() at time zone 'utc'\"",
    "current_date + 7",
    "'''it''''s'''",
  ])("%s is an SQL expression", (value) => {
    expect(messagesOf(`name: a, type: text, default: ${value}`)).toEqual([]);
  });

  test("a default that YAML reads as a number or as true is kept as it is written", () => {
    expect(columnOf("type: numeric, default: 1.50")?.default).toBe("1.50");
    expect(columnOf("type: boolean, default: true")?.default).toBe("true");
    expect(columnOf("type: text, default: null")?.default).toBeUndefined();
  });

  test.each(["active", "in progress", "in-progress", "N/A", "größe"])(
    "the bare word %s is refused, with the way to quote it",
    (value) => {
      const [problem] = checkRegistry([
        {
          file: "r.yml",
          text: `tables: { t: { columns: [{ name: a, type: text, default: ${value} }] } }`,
        },
      ]).problems;
      expect(problem).toMatchObject({
        code: "invalid-sql",
        line: 1,
        hint: `for the text write "'${value}'", with both kinds of quotes`,
      });
    },
  );

  test.each([
    ["''", "the default is empty"],
    ['"\'open"', "the default is not an SQL expression: the quote ' does not end"],
    ["now(", "the default is not an SQL expression: the bracket ( is not closed"],
    ['"0); drop table t; --"', "the default is not an SQL expression: it has a semicolon"],
    ['"0 -- comment"', "the default is not an SQL expression: it has a comment"],
    ['"0)"', "the default is not an SQL expression: the bracket ) closes nothing"],
    [
      '"$x$ open"',
      "the default is not an SQL expression: the text that begins with $x$ does not end",
    ],
  ])("%s is refused", (value, message) => {
    expect(messagesOf(`name: a, type: text, default: ${value}`)).toEqual([message]);
  });

  test("a serial has a default of its own, and an enum only its values", () => {
    expect(messagesOf("name: a, type: serial, default: 1")).toEqual([
      "a serial has a default of its own",
    ]);
    const { problems } = checkRegistry([
      {
        file: "r.yml",
        text: `enums: { s: [open, shut] }\ntables: { t: { columns: [{ name: a, type: s, default: "'opne'" }, { name: b, type: s, default: "'open'" }] } }`,
      },
    ]);
    expect(problems.map(({ message }) => message)).toEqual([
      'the enum "s" has no value "opne", did you mean "open"?',
    ]);
  });
});

test("rules are for the types that they mean something for", () => {
  expect(
    messagesOf(
      "name: a, type: integer, pattern: x",
      "name: b, type: boolean, min: 1",
      "name: c, type: date, format: email",
    ),
  ).toEqual([
    '"pattern" is for texts, not for integer',
    '"min" is for numbers and texts, not for boolean',
    '"format" is for texts, not for date',
  ]);
  expect(
    messagesOf("name: a, type: text, min: 5, max: 4", 'name: b, type: text, pattern: "[a"'),
  ).toEqual([
    "min: 5 is greater than max: 4",
    '"[a" is not a regular expression of ECMAScript with the flag u',
  ]);
  expect(
    columnOf("type: text, format: email, min: 3, max: 9, pattern: ^a, enum: [a, b]"),
  ).toMatchObject({
    format: "email",
    min: 3,
    max: 9,
    pattern: "^a",
    oneOf: ["a", "b"],
  });
  expect(
    columnOf(
      'type: integer, min: 0, deprecated: "use d", classification: pii, examples: [1, null, [a]]',
    ),
  ).toMatchObject({
    min: 0,
    deprecated: "use d",
    classification: "pii",
    examples: [1, null, ["a"]],
  });
});

test("min and max of a text are lengths that it can have, and a default is one of its list", () => {
  expect(messagesOf("name: a, type: text, min: -1, max: 2.5")).toEqual([
    '"min" of a text is a length, which -1 is not',
    '"max" of a text is a length, which 2.5 is not',
  ]);
  expect(messagesOf("name: a, type: varchar(5), min: 6")).toEqual([
    "min: 6 is more than a varchar(5) can hold",
  ]);
  expect(messagesOf("name: a, type: numeric, min: -1, max: 2.5")).toEqual([]);
  expect(messagesOf(`name: a, type: text, enum: [gold, silver], default: "'sliver'"`)).toEqual([
    '"sliver" is not in the list of "enum", did you mean "silver"?',
  ]);
  expect(messagesOf(`name: a, type: text, enum: [gold, silver], default: "'gold'"`)).toEqual([]);
});
