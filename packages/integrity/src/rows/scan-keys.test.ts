import { expect, test } from "vitest";
import { foundBy, rowsWorld } from "../../testing/rows-world.ts";

/** Makes PostgreSQL believe that an index is unique, as a corrupt one or one of another collation version looks. */
function unique(index: string): string {
  return `UPDATE pg_index SET indisunique = true WHERE indexrelid = '${index}'::regclass`;
}

test("duplicates under an index that PostgreSQL believes to be unique are found, and the row with the smallest key stays", async () => {
  await using world = await rowsWorld(
    "CREATE TABLE users (id int PRIMARY KEY, email text, team int)",
    "INSERT INTO users VALUES (10, 'a', 1), (9, 'a', 1), (100, 'a', 2), (1, 'b', 3), (2, NULL, NULL), (3, NULL, NULL), (4, 'B', 3)",
    "CREATE INDEX by_email ON users (email)",
    unique("by_email"),
  );
  expect(await foundBy(world, await world.scans())).toEqual({
    "duplicate:users(email)": ["10 for 9", "100 for 9"],
  });
});

test("keys of a partial index, of an expression, with nulls that are not distinct, and an index that was never valid", async () => {
  await using world = await rowsWorld(
    "CREATE TABLE users (id int PRIMARY KEY, email text, active bool, a int, b text)",
    "INSERT INTO users VALUES (1, 'x', true, 1, NULL), (2, 'X', false, 1, NULL), (3, 'x', false, 2, NULL), (4, 'y', true, NULL, NULL), (5, 'y', true, NULL, NULL)",
    "CREATE INDEX of_active ON users (email) WHERE active",
    "CREATE INDEX any_case ON users (lower(email), active)",
    "CREATE INDEX with_nulls ON users (a, b)",
    unique("of_active"),
    unique("any_case"),
    unique("with_nulls"),
    "UPDATE pg_index SET indnullsnotdistinct = true, indisvalid = false WHERE indexrelid = 'with_nulls'::regclass",
  );
  expect(await foundBy(world, await world.scans())).toEqual({
    "duplicate:users(email) where active": ["5 for 4"],
    "duplicate:users(lower(email),active)": ["3 for 2", "5 for 4"],
    "duplicate:users(a,b)": ["2 for 1", "5 for 4"],
  });
});

test("what only the registry wants to be unique, in a table without a primary key and a partitioned one", async () => {
  await using world = await rowsWorld(
    `CREATE TABLE "Log" (code char(5), at timestamptz)`,
    `INSERT INTO "Log" VALUES ('a', '2026-01-01 12:00+00'), ('a', '2026-01-01 14:00+02'), ('b', NULL), ('a', '2026-01-02')`,
    "CREATE TABLE parts (id int, day date, code text, PRIMARY KEY (id, day)) PARTITION BY RANGE (day)",
    "CREATE TABLE parts_1 PARTITION OF parts FOR VALUES FROM ('2026-01-01') TO ('2026-02-01')",
    "CREATE TABLE parts_2 PARTITION OF parts FOR VALUES FROM ('2026-02-01') TO ('2026-03-01')",
    "INSERT INTO parts VALUES (1, '2026-02-05', 'x'), (1, '2026-01-05', 'x'), (2, '2026-01-05', 'y')",
  );
  const registry = `
tables:
  Log:
    columns: [{ name: code, type: char(5) }, { name: at, type: timestamptz }]
    unique: [[code, at]]
  parts:
    pk: [id, day]
    columns: [{ name: id, type: integer }, { name: day, type: date }, { name: code, type: text, unique: true }, { name: gone, type: text, unique: true }]`;
  expect(await foundBy(world, await world.scans({ registry }))).toEqual({
    'duplicate:"Log"(code,at)': ["(0,2) for (0,1)"],
    "duplicate:parts(code)": ["1/2026-02-05 for 1/2026-01-05"],
  });
  expect(world.notChecked).toEqual([
    "The key parts_gone_key of parts was not checked: there is no column gone.",
  ]);
});

test("values that are equal and look different are duplicates; those of a type without a hash or an order compare as texts", async () => {
  await using world = await rowsWorld(
    `CREATE COLLATION any_case (provider = icu, locale = 'und-u-ks-level2', deterministic = false)`,
    "CREATE DOMAIN short AS varchar(9)",
    `CREATE TABLE things (id int PRIMARY KEY, n numeric, f float8, j jsonb, c text COLLATE any_case, d short, o json, p point, m money, b bit varying, l int[])`,
    `INSERT INTO things VALUES (1, 1.0, '-0', '{"a":1.0}', 'Ä', 'x', '{"a":1}', '(1,2)', 5, B'101', '{1,2}'),
      (2, 1.00, '0', '{"a": 1}', 'ä', 'x', '{"a":1}', '(1,2)', 5, B'101', '{1,2}'), (3, 'NaN', 'NaN', 'null', 'a', 'X', '{"a": 1}', '(1,3)', 6, B'0101', '{1,2,NULL}'),
      (4, NULL, 'NaN', NULL, NULL, NULL, NULL, NULL, NULL, NULL, '{1,2,NULL}')`,
  );
  const scans = await world.scans();
  const columns = ["n", "f", "j", "c", "d", "o", "p", "m", "b", "l"];
  const keys = columns.map((name) => ({
    subject: { id: name, kind: "duplicate" as const, severity: "error" as const, columns: [name], message: String, hidden: false },
    parts: [`t."${name}"`],
    nullsNotDistinct: false,
  })); // prettier-ignore
  const found = await foundBy(
    world,
    scans.map((scan) => ({ ...scan, keys })),
  );
  const all = Object.fromEntries(columns.map((name) => [name, ["2 for 1"]]));
  expect(found).toEqual({ ...all, f: ["2 for 1", "4 for 3"], l: ["2 for 1", "4 for 3"] });
  expect(world.notChecked).toEqual([]);
});

test("more duplicates than are listed in one statement", async () => {
  await using world = await rowsWorld(
    "CREATE TABLE numbers (id int PRIMARY KEY, n int, m bigint)",
    "INSERT INTO numbers SELECT n, n / 2, n % 7 FROM generate_series(0, 50001) AS n",
  );
  const registry = `
tables:
  numbers: { columns: [{ name: id, type: integer, pk: true }, { name: n, type: integer, unique: true }, { name: m, type: bigint, unique: true }] }`;
  const found = await foundBy(world, await world.scans({ registry }));
  expect(found["duplicate:numbers(n)"]?.length).toBe(25_001);
  expect(found["duplicate:numbers(n)"]).toContain("50001 for 50000");
  expect(found["duplicate:numbers(m)"]?.length).toBe(50_002 - 7);
});

test("a key that some row makes fail is named, and all others are looked at", async () => {
  await using world = await rowsWorld(
    "CREATE TABLE things (id int PRIMARY KEY, code text, data jsonb)",
    `INSERT INTO things VALUES (1, 'a', '{"n": "secret"}'), (2, 'a', '{"n": "7"}'), (3, 'b', '{"n": "7"}')`,
    "CREATE TABLE notes (id int PRIMARY KEY, n int)",
    "CREATE FUNCTION told(n int) RETURNS int IMMUTABLE LANGUAGE plpgsql AS $$ BEGIN RETURN n; END $$",
    "CREATE UNIQUE INDEX by_told ON notes (told(n))",
    "CREATE UNIQUE INDEX of_told ON notes (n) WHERE told(n) > 0",
    "INSERT INTO notes VALUES (1, 1), (2, 2)",
    // As a migration may leave it that has not thought of the index.
    "CREATE TABLE log (n int)",
    "CREATE OR REPLACE FUNCTION told(n int) RETURNS int LANGUAGE plpgsql AS $$ BEGIN INSERT INTO log VALUES (n); RETURN n; END $$",
  );
  const registry = `
tables:
  things:
    columns: [{ name: id, type: integer, pk: true }, { name: code, type: text, unique: true }, { name: data, type: jsonb }]
    indexes: [{ name: by_number, unique: true, columns: ["((data->>'n')::int)"] }]`;
  expect(await foundBy(world, await world.scans({ registry }))).toEqual({
    "duplicate:things(code)": ["2 for 1"],
  });
  expect(world.notChecked.toSorted()).toEqual([
    "duplicate:notes(n) where told(n) > 0 was not checked: PostgreSQL cannot evaluate it for some row (25006).",
    "duplicate:notes(told(n)) was not checked: PostgreSQL cannot evaluate it for some row (25006).",
    "duplicate:things(((data->>'n')::int)) was not checked: PostgreSQL cannot evaluate it for some row (22P02).",
  ]);
});

test("an index on expressions that was renamed is one key, and its duplicates are counted once", async () => {
  await using world = await rowsWorld(
    "CREATE TABLE users (id int PRIMARY KEY, email text)",
    "INSERT INTO users VALUES (1, 'a'), (2, 'A'), (3, 'b')",
    "CREATE INDEX under_its_old_name ON users (lower(email))",
    unique("under_its_old_name"),
  );
  const registry = `
tables:
  users:
    columns: [{ name: id, type: integer, pk: true }, { name: email, type: text }]
    indexes: [{ name: by_email, unique: true, columns: [lower(email)] }]`;
  expect(await foundBy(world, await world.scans({ registry }))).toEqual({
    "duplicate:users(lower(email))": ["2 for 1"],
  });
});

test("a unique index with a collation of its own decides by that what is equal, not by the column's", async () => {
  await using world = await rowsWorld(
    "CREATE COLLATION any_case (provider = icu, locale = 'und-u-ks-level2', deterministic = false)",
    "CREATE TABLE users (id int PRIMARY KEY, nick text, email text COLLATE any_case)",
    "CREATE INDEX by_nick ON users (nick COLLATE any_case)",
    'CREATE UNIQUE INDEX by_email ON users (email COLLATE "C")',
    "INSERT INTO users VALUES (1, 'ann', 'ann'), (2, 'Ann', 'Ann')",
    unique("by_nick"),
  );
  expect(await foundBy(world, await world.scans())).toEqual({
    "duplicate:users(nick COLLATE any_case)": ["2 for 1"],
  });
});
