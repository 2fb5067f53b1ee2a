import { inspect } from "node:util";
import { openPostgres, schemaSql, type Postgres } from "@ctb-data/postgres";
import { createTestDatabase } from "@ctb-data/postgres/testing";
import { parseRegistry } from "@ctb-data/registry";
import { expect, test } from "vitest";
import type { Finding } from "../finding.ts";
import { checkIntegrity } from "./check-integrity.ts";

interface TestWorld extends AsyncDisposable {
  readonly postgres: Postgres;
  run(...statements: readonly string[]): Promise<void>;
}

async function openWorld(): Promise<TestWorld> {
  const database = await createTestDatabase();
  const postgres = await openPostgres({ url: database.url });
  return {
    postgres,
    run: async (...statements) => {
      for (const sql of statements) await postgres.query(sql);
    },
    [Symbol.asyncDispose]: async () => {
      await postgres.close();
      await database.drop();
    },
  };
}

const counted = (findings: readonly Finding[]): readonly string[] =>
  findings.map(({ id, count }) => `${id}: ${count}`).toSorted();

const shop = parseRegistry(`
enums:
  level: [gold, silver]
tables:
  shops:
    columns: [{ name: code, type: varchar(20), pk: true }]
  users:
    columns:
      - { name: id, type: serial, pk: true }
      - { name: shop, type: varchar(20), references: shops.code }
      - { name: first, type: varchar(20), references: shops.code }
      - { name: email, type: varchar(50), unique: true, format: email, pattern: "^[a-z@.]+$", min: 5, max: 40 }
      - { name: state, type: varchar(10), enum: [on, off] }
      - { name: level, type: level }
      - { name: tags, type: "text[]", unique: true }
      - { name: points, type: smallint, min: 0, max: 10 }
      - { name: at, type: timestamptz(3) }
    indexes: [{ name: by_level, unique: true, columns: [level, email] }]
`);

/** What is more like the types of the columns and of the catalog than the server's own is taken before it. */
const comparedTypes: readonly (readonly [left: string, right: string])[] = [
  ["varchar", "varchar"],
  ["text[]", "text[]"],
  ["int2[]", "int2[]"],
  ["level", "level"],
  ["record", "record"],
  ["int4", "numeric"],
  ["int2", "numeric"],
  ["numeric", "int4"],
  ["oid", "regclass"],
  ["oid", "regtype"],
  ["float4", "int4"],
];
const shadowOperators = [
  ...["=", "<>", "<", ">", "<=", ">=", "~", "!~"].flatMap((name) =>
    comparedTypes.map((types) => [name, ...types] as const),
  ),
  ["->", "jsonb", "jsonb"] as const,
  ["->>", "jsonb", "jsonb"] as const,
  ["/", "float4", "int4"] as const,
].map(([name, left, right]) => `CREATE OPERATOR ${name} (LEFTARG = ${left}, RIGHTARG = ${right}, FUNCTION = called)`); // prettier-ignore

const body = (text: string): string =>
  `LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION USING ERRCODE = 'XX000', MESSAGE = '${text} was called'; END $$`;

const shadowFunctions = [
  ...[...comparedTypes, ["jsonb", "jsonb"]].map(([left, right]) => ["called", `${left}, ${right}`, "bool"]), // prettier-ignore
  ["format", "text, name, name", "text"],
  ["format", "text, name", "text"],
  ["format", "text, varchar", "text"],
  ["pg_relation_size", "oid", "bigint"],
  ["pg_partition_tree", "oid", "TABLE (relid oid, isleaf bool)"],
  ["current_setting", "varchar", "text"],
  ["char_length", "varchar", "int"],
  ["unnest", "int2[]", "SETOF int2"],
  ["unnest", "text[]", "SETOF text"],
  ["rtrim", "varchar, text", "text"],
].map(([name, given, result]) => `CREATE FUNCTION ${name}(${given}) RETURNS ${result} ${body(`${name}(${given})`)}`); // prettier-ignore

test("operators and functions that somebody has put into the schema are not taken for those of the server", async () => {
  await using world = await openWorld();
  await world.run(
    schemaSql(shop),
    "INSERT INTO shops SELECT 's' || n FROM generate_series(1, 50) AS n",
    "ALTER TABLE users DROP CONSTRAINT users_shop_fkey, DROP CONSTRAINT users_email_key, DROP CONSTRAINT users_tags_key, ALTER COLUMN points TYPE int, ALTER COLUMN at TYPE timestamptz",
    "INSERT INTO users (shop, email, state, level, tags, points, at) VALUES ('s1', 'a@b.example', 'on', 'gold', '{a,b}', 1, '2026-01-01'), ('gone', 'A', 'what', 'silver', '{b}', 40000, '2026-01-01 00:00:00.000001Z'), ('s2', 'a@b.example', NULL, NULL, '{a,b}', NULL, NULL)",
    "UPDATE pg_class SET reltuples = -1 WHERE relname IN ('shops', 'users')",
  );
  const before = await checkIntegrity({ registry: shop, postgres: world.postgres });
  expect(counted(before.findings)).toEqual([
    "duplicate:users(email): 1",
    "duplicate:users(tags): 1",
    "enum:users.state: 1",
    "format:users.email: 1",
    "length:users.email: 1",
    "orphan:users(shop)->shops(code): 1",
    "pattern:users.email: 1",
    "range:users.at: 1",
    "range:users.points: 1",
  ]);
  await world.run(...shadowFunctions, ...shadowOperators);
  const after = await checkIntegrity({ registry: shop, postgres: world.postgres });
  expect(counted(after.findings)).toEqual(counted(before.findings));
  expect(after.notChecked).toEqual(before.notChecked);
});

test("a primary key that is classified is in no example and no detail: rows are named by their place", async () => {
  await using world = await openWorld();
  const registry = parseRegistry(`
tables:
  people:
    pk: [email, year]
    columns:
      - { name: email, type: text, classification: pii }
      - { name: year, type: integer }
      - { name: nick, type: text, unique: true, required: true }
`);
  await world.run(
    "CREATE TABLE people (email text, year int, nick text, PRIMARY KEY (email, year))",
    "INSERT INTO people VALUES ('secret-1', 1, 'a'), ('secret-2', 2, 'a'), ('secret-3', 3, NULL)",
  );
  const report = await checkIntegrity({ registry, postgres: world.postgres });
  expect(inspect(report, { depth: null })).not.toContain("secret");
  expect(report.findings.map(({ id, examples }) => [id, examples])).toEqual([
    ["null:people.nick", [{ key: { ctid: "(0,3)" }, values: { nick: null } }]],
    ["duplicate:people(nick)", [{ key: { ctid: "(0,2)" }, values: { nick: "a" }, detail: "The row that stays has ctid (0,1)." }]],
  ]); // prettier-ignore
});

test("references compare by the equality of their type, wherever its extension is, and by what a foreign key does with spaces", async () => {
  await using world = await openWorld();
  await world.run(
    "CREATE SCHEMA extensions",
    "CREATE EXTENSION citext SCHEMA extensions",
    "CREATE TABLE names (name extensions.citext PRIMARY KEY)",
    "CREATE TABLE texts (code varchar(9) PRIMARY KEY)",
    "CREATE TABLE uses (id int PRIMARY KEY, name extensions.citext REFERENCES names, code char(5) REFERENCES texts)",
    "INSERT INTO names VALUES ('Ann'), ('bob')",
    "INSERT INTO texts VALUES ('a'), ('b  ')",
    "INSERT INTO uses VALUES (1, 'ANN', 'a'), (2, 'Bob', 'a')",
    "ALTER TABLE uses DISABLE TRIGGER ALL",
    "INSERT INTO uses VALUES (3, 'eve', 'b')",
  );
  const { findings } = await checkIntegrity({ registry: parseRegistry("tables: {}"), postgres: world.postgres }); // prettier-ignore
  expect(findings.map(({ id, examples }) => [id, examples.map(({ key }) => key["id"])])).toEqual([
    ["orphan:uses(code)->texts(code)", ["3"]],
    ["orphan:uses(name)->names(name)", ["3"]],
  ]);
});
