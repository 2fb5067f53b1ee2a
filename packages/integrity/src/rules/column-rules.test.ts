import { openPostgres, type Postgres } from "@ctb-data/postgres";
import { createTestDatabase, type TestDatabase } from "@ctb-data/postgres/testing";
import { parseRegistry, type Registry } from "@ctb-data/registry";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { runRules, type Broken } from "../../testing/rules-run.ts";
import type { RowRule } from "../rows/row-rule.ts";
import { columnRules, uncheckedColumns } from "./column-rules.ts";

let database: TestDatabase;
let postgres: Postgres;

beforeAll(async () => {
  database = await createTestDatabase();
  postgres = await openPostgres({ url: database.url });
});

beforeEach(async () => {
  await postgres.query("DROP SCHEMA public CASCADE");
  await postgres.query("CREATE SCHEMA public");
});

afterAll(async () => {
  await postgres.close();
  await database.drop();
});

/** Runs statements, and gives the rules of one of the tables that are there then. */
async function rulesOf(
  table: string,
  { yaml, sql }: { readonly yaml: string; readonly sql: readonly string[] },
): Promise<{ rules: readonly RowRule[]; notChecked: readonly string[]; registry: Registry }> {
  for (const statement of sql) await postgres.query(statement);
  const registry = parseRegistry(yaml);
  const { tables, enums } = await postgres.readCatalog({ schemas: ["public"] });
  const live = tables.find(({ name }) => name === table);
  if (live === undefined) throw new Error(`no table ${table}`);
  const options = { registry, table: registry.tables.get(table), live, enums };
  return { rules: columnRules(options), notChecked: uncheckedColumns(options), registry };
}

async function brokenOf(
  table: string,
  given: { readonly yaml: string; readonly sql: readonly string[] },
): Promise<Broken> {
  const { rules } = await rulesOf(table, given);
  return await runRules(postgres, `"${table}"`, rules);
}

describe("nulls", () => {
  it("are found where the registry or the database refuses them, of any table", async () => {
    const yaml = `
tables:
  "we ird":
    pk: [id, "Käy"]
    columns:
      - { name: id, type: integer }
      - { name: "Käy", type: text }
      - { name: amount, type: integer, required: true }
      - { name: free, type: integer }`;
    const broken = await brokenOf("we ird", {
      yaml,
      sql: [
        `CREATE TABLE "we ird" (id integer, "Käy" text, amount integer, free integer, "only Live" text, spare text)`,
        `INSERT INTO "we ird" VALUES (1, 'a', 1, 1, 'a', 'a'), (2, NULL, NULL, 2, 'a', NULL), (3, 'c', 3, NULL, NULL, 'c')`,
        `ALTER TABLE "we ird" ADD CONSTRAINT n1 NOT NULL "only Live" NOT VALID, ADD CONSTRAINT n2 NOT NULL free NOT VALID`,
      ],
    });
    expect(broken).toStrictEqual({
      "null:we ird.Käy": ["2"],
      "null:we ird.amount": ["2"],
      "null:we ird.free": ["3"],
      "null:we ird.only Live": ["3"],
    });
  });

  it("are found in a table that only the database has", async () => {
    const broken = await brokenOf("own", {
      yaml: "tables: { other: { columns: [{ name: id, type: serial, pk: true }] } }",
      sql: [
        "CREATE TABLE own (id integer, name text)",
        "INSERT INTO own VALUES (1, 'x'), (2, NULL)",
        "ALTER TABLE own ADD CONSTRAINT named NOT NULL name NOT VALID",
        "ALTER TABLE own ADD CONSTRAINT small CHECK (id < 2) NOT VALID",
      ],
    });
    expect(broken).toStrictEqual({ "null:own.name": ["2"], "check:own.small": ["2"] });
  });
});

describe("a value that breaks a rule", () => {
  it.each<[id: string, column: string, live: string, good: string, bad: string]>([
    ["length", "type: varchar(3)", "text", "'🌍🌍🌍'", "'abcd'"],
    ["length", "type: text, min: 2, max: 3", "text", "'ab'", "'é'"],
    [
      "length",
      "type: 'varchar(3)[]'",
      "text[]",
      "ARRAY[['abc', NULL], ['a', '']]",
      "ARRAY['abc', 'abcd']",
    ],
    ["length", "type: char(3)", "text", "'ab'", "'abcd'"],
    ["length", "type: char(5), max: 3", "char(5)", "'abc'", "'abcd'"],
    ["range", "type: smallint", "integer", "-32768", "32768"],
    ["range", "type: integer, min: 0", "integer", "0", "-1"],
    ["range", "type: 'numeric(4,2)'", "numeric", "'NaN'", "99.999"],
    ["range", "type: 'numeric(4,2)'", "numeric", "99.990", "'Infinity'"],
    ["range", "type: real, max: 0.1", "real", "0.1", "'NaN'"],
    ["range", "type: 'double precision', min: 0", "double precision", "'-0'", "'-Infinity'"],
    [
      "range",
      "type: timestamp(3)",
      "timestamp",
      "'2026-01-31 04:05:06.789'",
      "'2026-01-31 04:05:06.7891'",
    ],
    ["range", "type: 'integer[]', max: 5", "bigint[]", "'{}'", "'{{1,2},{3,6}}'"],
    ["enum", 'type: text, enum: [a, "b\'c"]', "varchar(9)", `'b''c'`, "'A'"],
    ["enum", "type: mood", "text", "'sad'", "'Sad'"],
    ["enum", "type: mood", "live_mood", "'sad'", "'angry'"],
    ["enum", "type: 'mood[]'", "live_mood[]", "'{sad,NULL}'", "'{sad,angry}'"],
    ["enum", "type: char(5), enum: [abc]", "char(5)", "'abc'", "'abcd'"],
    ["pattern", "type: text, pattern: '^[A-Z]{2}-\\d+$'", "text", "'AB-1'", "E'AB-1\\n'"],
    ["pattern", "type: text, pattern: '^\\p{Lu}'", "text", "'Éa'", "'éa'"],
    ["pattern", "type: 'text[]', pattern: '^\\p{Lu}'", "text[]", "'{Éa,NULL}'", "'{Éa,éa}'"],
    ["pattern", "type: char(6), pattern: '^[a-z]+$'", "char(6)", "'abc'", "'abC'"],
    ["pattern", "type: char(6), pattern: '^.{4}$'", "char(6)", "'abc'", "'abcdef'"],
    ["format", "type: text, format: email", "text", "'ann+1@example.org'", "'ann@example'"],
    [
      "format",
      "type: 'text[]', format: email",
      "text[]",
      "'{ann@example.org,NULL}'",
      "'{ann@example.org,ann}'",
    ],
    ["format", "type: text, format: url", "text", "'https://[::1]/'", "'https://'"],
    ["format", "type: char(20), format: email", "char(20)", "'a@b.example'", "'a@b'"],
    ["invalid_value", "type: uuid", "text", "'A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11'", "'A0EEBC99'"],
    ["invalid_value", "type: date", "text", "'0044-03-15 BC'", "'2026-02-29'"],
    ["invalid_value", "type: jsonb", "text", `'{"a": [1e400]}'`, `'{"a": '`],
    ["invalid_value", "type: jsonb", "json", `'"\\\\u0000"'`, `'"\\u0000"'`],
    [
      "invalid_value",
      "type: jsonb",
      "jsonb",
      "'null'",
      "(repeat('[', 2500) || repeat(']', 2500))::jsonb",
    ],
    ["invalid_value", "type: integer", "numeric", "5", "5.5"],
    ["invalid_value", "type: 'integer[]'", "integer[]", "'{{1},{NULL}}'", "'[2:3]={1,2}'"],
    [
      "invalid_value",
      "type: 'jsonb[]'",
      "jsonb[]",
      `ARRAY['[[1]]', 'null']::jsonb[]`,
      `ARRAY[['1', '2']]::jsonb[]`,
    ],
    ["invalid_value", "type: 'integer[][]'", "integer[]", "'{1}'", "'[0:0][1:2]={{1,2}}'"],
    ["invalid_value", "type: timestamptz", "timestamp", "'infinity'", "'2026-01-31'"],
  ])("%s is found by that rule alone: %s as %s", async (kind, column, live, good, bad) => {
    const broken = await brokenOf("things", {
      yaml: `
enums: { mood: [happy, sad] }
tables:
  things:
    columns:
      - { name: id, type: integer, pk: true }
      - { name: Wert, ${column} }`,
      sql: [
        "CREATE TYPE live_mood AS ENUM ('happy', 'sad', 'angry')",
        `CREATE TABLE things (id integer PRIMARY KEY, "Wert" ${live})`,
        `INSERT INTO things VALUES (1, ${good}), (2, NULL), (3, ${bad})`,
      ],
    });
    expect(broken).toStrictEqual({ [`${kind}:things.Wert`]: ["3"] });
  });

  it("is found by each rule that it breaks, for each its own reason", async () => {
    const yaml = `
tables:
  things:
    columns:
      - { name: id, type: integer, pk: true }
      - { name: code, type: varchar(3), pattern: '^[a-z]+$', enum: [abc, abcd], format: slug }`;
    const sql = [
      "CREATE TABLE things (id integer, code text)",
      "INSERT INTO things VALUES (1, 'AB C'), (2, 'abc')",
    ];
    expect(await brokenOf("things", { yaml, sql })).toStrictEqual({
      "length:things.code": ["1"],
      "pattern:things.code": ["1"],
      "enum:things.code": ["1"],
      "format:things.code": ["1"],
    });
  });

  it("is found whatever the collation of the column is", async () => {
    const yaml = `
tables:
  things:
    columns:
      - { name: id, type: text, pk: true }
      - { name: level, type: text, enum: [gold, silver], pattern: '^[a-z]+$', max: 6 }
      - { name: email, type: text, format: email }
    firestore: { collection: things, id: id, fields: { level: level } }`;
    const sql = [
      "CREATE COLLATION loose (provider = icu, locale = 'und-u-ks-level2', deterministic = false)",
      "CREATE TABLE things (id text COLLATE loose, level text COLLATE loose, email text COLLATE loose, CONSTRAINT c CHECK (level <> 'silver') NOT ENFORCED)",
      "INSERT INTO things VALUES ('a', 'gold', 'a@b.co'), ('b', 'GOLD', 'a@b'), ('c/d', 'Silver', 'A@b.co'), ('e', 'silvers', NULL)",
    ];
    expect(await brokenOf("things", { yaml, sql })).toStrictEqual({
      "invalid_value:things.id": ["c/d"],
      "pattern:things.level": ["b", "c/d"],
      "enum:things.level": ["b", "c/d", "e"],
      "length:things.level": ["e"],
      "format:things.email": ["b"],
      "check:things.c": ["c/d"],
    });
  });

  it("is not looked for in a column that the database does not have", async () => {
    const yaml =
      "tables: { things: { columns: [{ name: id, type: integer, pk: true }, { name: gone, type: text, max: 3, required: true }] } }";
    const sql = ["CREATE TABLE things (id integer)", "INSERT INTO things VALUES (1)"];
    expect(await brokenOf("things", { yaml, sql })).toStrictEqual({});
  });

  it("ends for a pattern that would take for ever, and says so", async () => {
    const yaml = `
tables:
  things:
    columns:
      - { name: id, type: integer, pk: true }
      - { name: code, type: text, pattern: '^(?=(a+)+$)' }`;
    const sql = [
      "CREATE TABLE things (id integer, code text)",
      "INSERT INTO things VALUES (1, 'aaa'), (2, 'b'), (3, repeat('a', 60) || 'b')",
    ];
    const { rules } = await rulesOf("things", { yaml, sql });
    expect(await runRules(postgres, "things", rules)).toStrictEqual({
      "pattern:things.code": ["2"],
      "pattern:things.code (too slow)": ["3"],
    });
    const slow = rules.find(({ subject }) => subject.id === "pattern:things.code (too slow)");
    expect(slow?.subject.severity).toBe("warning");
  });
});

describe("a value that no document can hold", () => {
  it("is found where the table is mapped to documents", async () => {
    const yaml = `
tables:
  things:
    columns:
      - { name: id, type: text, pk: true }
      - { name: numbers, type: 'real[]' }
      - { name: grid, type: 'integer[]' }
      - { name: data, type: jsonb }
    firestore: { collection: things, id: id, fields: { numbers: { column: numbers, type: vector }, grid: grid, data: { column: data, type: map } } }`;
    const sql = [
      "CREATE TABLE things (id text PRIMARY KEY, numbers real[], grid integer[], data jsonb)",
      `INSERT INTO things VALUES ('a', '{1,NaN}', '{1,NULL}', '[[1]]'), ('a/b', '{}', '{}', 'null'), ('__x__', NULL, NULL, NULL), ('c', '{1,NULL}', '{{1},{2}}', '1'), ('', NULL, NULL, NULL)`,
    ];
    expect(await brokenOf("things", { yaml, sql })).toStrictEqual({
      "invalid_value:things.id": ["", "__x__", "a/b"],
      "invalid_value:things.numbers": ["c"],
      "invalid_value:things.grid": ["c"],
    });
  });
});

describe("checks", () => {
  const yaml = `
tables:
  orders:
    columns:
      - { name: id, type: integer, pk: true }
      - { name: amount, type: integer, check: amount >= 0 }
      - { name: "Net", type: integer }
      - { name: secret, type: text, classification: pii }
    checks:
      - { name: small, expression: 'orders.amount < 100 OR "Net" = 0' }
      - { name: hidden_one, expression: length(secret) < 5 }`;

  it("are evaluated anew, whatever the database says of them", async () => {
    const sql = [
      `CREATE TABLE orders (id integer, amount integer, "Net" integer, secret text,
        CONSTRAINT loose CHECK ("Net" > 0) NOT ENFORCED)`,
      `INSERT INTO orders VALUES (1, 1, 1, 'a'), (2, -1, NULL, 'abcdef'), (3, 500, 0, NULL), (4, 500, 7, NULL)`,
      `ALTER TABLE orders ADD CONSTRAINT old CHECK (amount <> 500) NOT VALID, ADD CONSTRAINT small CHECK (amount < 100) NOT VALID, ADD CONSTRAINT kept CHECK (id > 0)`,
    ];
    const { rules } = await rulesOf("orders", { yaml, sql });
    expect(await runRules(postgres, "orders", rules)).toStrictEqual({
      "check:orders.orders_amount_check": ["2"],
      "check:orders.small": ["3", "4"],
      "check:orders.hidden_one": ["2"],
      "check:orders.loose": ["3"],
      "check:orders.old": ["3", "4"],
    });
    const facts = rules
      .filter(({ subject }) => subject.kind === "check")
      .map(({ subject: { constraint, severity, hidden, columns } }) => [
        constraint,
        severity,
        hidden,
        columns,
      ]);
    expect(facts).toStrictEqual([
      ["orders_amount_check", "error", false, ["amount"]],
      ["small", "error", false, ["amount"]],
      ["hidden_one", "error", true, ["secret"]],
      ["kept", "error", false, ["id"]],
      ["loose", "warning", false, ["Net"]],
      ["old", "error", false, ["amount"]],
    ]);
  });

  it("of columns that have become something else are not evaluated, and that is said", async () => {
    const sql = [
      'CREATE TABLE orders (id integer, amount text, "Net" bigint, CONSTRAINT small CHECK (length(amount) < 2) NOT ENFORCED)',
      "INSERT INTO orders VALUES (1, '500', 1)",
    ];
    const { rules, notChecked } = await rulesOf("orders", { yaml, sql });
    expect(await runRules(postgres, "orders", rules)).toStrictEqual({
      "check:orders.small": ["1"],
    });
    expect(notChecked).toStrictEqual([
      "The check orders_amount_check of the registry was not evaluated on orders: the database does not have amount with the type that the registry says.",
      "The check small of the registry was not evaluated on orders: the database does not have amount with the type that the registry says.",
      "The check hidden_one of the registry was not evaluated on orders: the database does not have secret with the type that the registry says.",
    ]);
  });
});

describe("what a rule says", () => {
  it("is a sentence with the count, without any value", async () => {
    const yaml = `
enums: { mood: [happy, sad] }
tables:
  clients:
    columns:
      - { name: id, type: integer, pk: true }
      - { name: name, type: varchar(1200), min: 1, required: true, classification: pii }
      - { name: amount, type: 'numeric(4,2)', min: 0.5 }
      - { name: code, type: text, pattern: '^a', format: slug, enum: [a-1] }
      - { name: mood, type: mood }
      - { name: born, type: date }
    checks: [{ name: sane, expression: born > '1900-01-01' }]`;
    const sql = [
      "CREATE TABLE clients (id integer, name text, amount numeric, code text, mood text, born text)",
    ];
    const { rules } = await rulesOf("clients", {
      yaml,
      sql: [...sql, "ALTER TABLE clients ADD CONSTRAINT c CHECK (id > 0)"],
    });
    expect(rules.map(({ subject }) => subject.message(1))).toStrictEqual([
      "1 row of clients has no id, which the registry requires.",
      "1 row of clients has no name, which the registry requires.",
      "1 row of clients has a value of name that is shorter than 1 character or longer than 1,200 characters.",
      "1 row of clients has a value of amount that is out of range: it must be a numeric(4,2), at least 0.5.",
      "1 row of clients has a value of code that does not match the pattern ^a.",
      "1 row of clients has a value of code that is not one of those that it may have.",
      "1 row of clients has a value of code that is not of the format slug.",
      "1 row of clients has a value of mood that is not one of the values of mood.",
      "1 row of clients has a value of born that is not what the model takes as date.",
      "1 row of clients breaks the check c.",
    ]);
    expect(rules.map(({ subject }) => subject.message(1234)).slice(1, 3)).toStrictEqual([
      "1,234 rows of clients have no name, which the registry requires.",
      "1,234 rows of clients have a value of name that is shorter than 1 character or longer than 1,200 characters.",
    ]);
    expect(rules.flatMap(({ subject }) => (subject.hidden ? [subject.id] : []))).toStrictEqual([
      "null:clients.name",
      "length:clients.name",
    ]);
  });
});
