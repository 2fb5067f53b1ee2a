import { fileURLToPath } from "node:url";
import { openPostgres } from "@ctb-data/postgres";
import { expect, test } from "vitest";
import {
  catalogOf,
  errorOf,
  historyOf,
  testMigrations,
  valueOf,
} from "../testing/test-migrations.ts";
import { migrateUp } from "./migrate-up.ts";
import { migrationStatus } from "./migration-status.ts";
import { rollback } from "./rollback.ts";

const seed = fileURLToPath(new URL("../seed", import.meta.url));

test("the seed goes up, down and up again, to the same schema", async () => {
  await using at = await testMigrations();
  await migrateUp(at.db, { dir: seed });
  const before = await catalogOf(at.db);
  const down = await rollback(at.db, { dir: seed, to: 0 });
  expect(down.migrations.map((run) => run.version)).toEqual([4, 3, 2, 1]);
  expect(await catalogOf(at.db)).toEqual([]);
  await migrateUp(at.db, { dir: seed });
  expect(await catalogOf(at.db)).toEqual(before);
  expect(await historyOf(at.db)).toHaveLength(12);
});

test("one step is the default; steps and to say how many", async () => {
  await using at = await testMigrations();
  await migrateUp(at.db, { dir: seed });
  expect((await rollback(at.db, { dir: seed })).migrations.map((run) => run.version)).toEqual([4]);
  expect(
    (await rollback(at.db, { dir: seed, steps: 2 })).migrations.map((run) => run.version),
  ).toEqual([3, 2]);
  expect((await rollback(at.db, { dir: seed, to: 1 })).migrations).toEqual([]);
  expect(await errorOf(rollback(at.db, { dir: seed, to: 7 }))).toMatchObject({
    code: "UNKNOWN_VERSION",
  });
  for (const wrong of [{ steps: 0 }, { steps: 1.5 }, { steps: 1, to: 1 }]) {
    expect(await errorOf(rollback(at.db, { dir: seed, ...wrong }))).toMatchObject({
      code: "INVALID_OPTIONS",
    });
  }
  expect(
    (await rollback(at.db, { dir: seed, steps: 9 })).migrations.map((run) => run.version),
  ).toEqual([1]);
  expect((await rollback(at.db, { dir: seed })).migrations).toEqual([]);
});

test("a table with rows is kept, before any step ran; force drops it and says so", async () => {
  await using at = await testMigrations();
  await migrateUp(at.db, { dir: seed });
  await at.db.query("INSERT INTO clients (name) VALUES ('Ada')");
  const error = await errorOf(rollback(at.db, { dir: seed, to: 0 }));
  expect(error).toMatchObject({
    code: "WOULD_LOSE_DATA",
    file: "001_initial_schema.down.sql",
    line: 6,
    version: 1,
  });
  expect(error.hint).toContain("--force");
  expect(await historyOf(at.db)).toHaveLength(4);
  const forced = await rollback(at.db, { dir: seed, to: 0, force: true });
  expect(forced.migrations.map((run) => run.forced.map((refusal) => refusal.code))).toEqual([
    [],
    [],
    [],
    ["WOULD_LOSE_DATA"],
  ]);
  expect(
    await valueOf(at.db, "SELECT forced FROM ctb_data.migrations ORDER BY id DESC LIMIT 1"),
  ).toBe("{WOULD_LOSE_DATA}");
});

test.each([
  ["ALTER TABLE a DROP COLUMN x", "the column a.x has values"],
  ["TRUNCATE a", "the table a has rows"],
  ["DELETE FROM a", "the table a has rows"],
  ["DROP SCHEMA s CASCADE", "the table s.b has rows"],
  ["SET search_path = s; DROP TABLE b", "the table b has rows"],
  ["CREATE TABLE c (); ALTER TABLE a RENAME TO d; DROP TABLE d", "the table d has rows"],
])("%s is refused for what it would lose, and nothing is changed", async (down, message) => {
  await using at = await testMigrations({
    "001_a.sql":
      "CREATE TABLE a (x int, y int, z int GENERATED ALWAYS AS (1) STORED); CREATE SCHEMA s; CREATE TABLE s.b (x int);",
    "001_a.down.sql": down,
  });
  await migrateUp(at.db, { dir: at.dir });
  await at.db.query("INSERT INTO a (x) VALUES (1); INSERT INTO s.b VALUES (1)");
  const before = await catalogOf(at.db);
  const error = await errorOf(rollback(at.db, { dir: at.dir }));
  expect(error.code).toBe("WOULD_LOSE_DATA");
  expect(error.message).toContain(message);
  expect(await catalogOf(at.db)).toEqual(before);
  expect((await rollback(at.db, { dir: at.dir, force: true })).migrations).toHaveLength(1);
});

test.each([
  ["TRUNCATE a CASCADE", "the table public.c has rows"],
  ["DROP TYPE mood CASCADE", "the column public.c.m has values"],
  ["DROP DOMAIN s.d CASCADE", "the column public.c.d has values"],
  ["DROP EXTENSION citext CASCADE", "the column public.c.t has values"],
  ["DROP SCHEMA s CASCADE", "the column public.c.d has values"],
])("%s is refused for what hangs on it", async (down, message) => {
  await using at = await testMigrations({
    "001_a.sql": `CREATE TYPE mood AS ENUM ('x'); CREATE SCHEMA s; CREATE DOMAIN s.d AS text; CREATE EXTENSION citext;
CREATE TABLE a (id int PRIMARY KEY); CREATE TABLE b (id int PRIMARY KEY REFERENCES a);
CREATE TABLE c (b int REFERENCES b, m mood[], d s.d, t citext);`,
    "001_a.down.sql": down,
  });
  await migrateUp(at.db, { dir: at.dir });
  await at.db.query("INSERT INTO c VALUES (NULL, '{x}', 'x', 'x')");
  const before = await catalogOf(at.db);
  const error = await errorOf(rollback(at.db, { dir: at.dir }));
  expect(error.code).toBe("WOULD_LOSE_DATA");
  expect(error.message).toContain(message);
  expect(await catalogOf(at.db)).toEqual(before);
  await at.db.query("DELETE FROM c");
  expect((await rollback(at.db, { dir: at.dir })).migrations).toMatchObject([{ forced: [] }]);
});

test("rows that a policy hides even from the table's owner are kept", async () => {
  await using at = await testMigrations({
    "001_a.sql":
      "CREATE TABLE a (x int); ALTER TABLE a ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;",
    "001_a.down.sql": "DROP TABLE a;",
  });
  await migrateUp(at.db, { dir: at.dir });
  const name = `ctb_owner_${at.url.slice(-8).replaceAll(/\W/g, "_")}`;
  await at.db.query(`CREATE ROLE ${name}; GRANT ALL ON SCHEMA ctb_data, public TO ${name};
GRANT ALL ON ctb_data.migrations TO ${name}; INSERT INTO a VALUES (1); ALTER TABLE a OWNER TO ${name}`);
  try {
    await using owner = await openPostgres({ url: `${at.url}?options=-crole%3D${name}` });
    const error = await errorOf(rollback(owner, { dir: at.dir }));
    expect(error.code).toBe("WOULD_LOSE_DATA");
    expect(error.message).toContain("row-level security");
    await at.db.query("TRUNCATE a");
    expect((await rollback(owner, { dir: at.dir })).migrations).toMatchObject([{ forced: [] }]);
  } finally {
    await at.db.query(`DROP OWNED BY ${name}; DROP ROLE ${name}`);
  }
});

test("columns without values, computed columns, empty tables and a delete that says which rows are no loss", async () => {
  await using at = await testMigrations({
    "001_a.sql":
      "CREATE TABLE a (x int, y int, z int GENERATED ALWAYS AS (1) STORED); CREATE TABLE b ();",
    "001_a.down.sql":
      "ALTER TABLE a DROP COLUMN y, DROP COLUMN z; DROP TABLE b; DROP TABLE IF EXISTS nothing; DELETE FROM a WHERE x = 1;",
  });
  await migrateUp(at.db, { dir: at.dir });
  await at.db.query("INSERT INTO a (x) VALUES (1)");
  expect((await rollback(at.db, { dir: at.dir })).migrations).toMatchObject([
    { forced: [], schemaChanged: true },
  ]);
});

test("no way back, an edited file and an irreversible one are refused by name; force lifts each and records it", async () => {
  await using at = await testMigrations({
    "001_none.sql": "CREATE TABLE a ();",
    "002_edited.sql": "CREATE TABLE b ();",
    "002_edited.down.sql": "DROP TABLE b;",
    "003_never.sql": "-- Irreversible: letters were sent\nCREATE TABLE c ();",
    "003_never.down.sql": "DROP TABLE c;",
    "004_gone.sql": "CREATE TABLE d ();",
    "004_gone.down.sql": "DROP TABLE d;",
  });
  await migrateUp(at.db, { dir: at.dir });
  await at.write("002_edited.sql", "CREATE TABLE bb ();");
  await at.remove("004_gone.sql");
  const error = await errorOf(rollback(at.db, { dir: at.dir, to: 0 }));
  expect(error.problems.map(({ code, version }) => [version, code])).toEqual([
    [4, "MISSING"],
    [3, "IRREVERSIBLE"],
    [2, "EDITED"],
    [1, "NO_DOWN_FILE"],
  ]);
  expect(error.message).toContain("letters were sent");
  expect(await historyOf(at.db)).toHaveLength(4);
  const dry = await rollback(at.db, { dir: at.dir, to: 0, force: true, dryRun: true });
  expect(dry.migrations.map(({ schemaChanged }) => schemaChanged)).toEqual([
    true,
    true,
    true,
    false,
  ]);
  const forced = await rollback(at.db, { dir: at.dir, to: 0, force: true });
  expect(
    forced.migrations.map(({ version, schemaChanged, forced: lifted }) => [
      version,
      schemaChanged,
      lifted[0]?.code,
    ]),
  ).toEqual([
    [4, true, "MISSING"],
    [3, true, "IRREVERSIBLE"],
    [2, true, "EDITED"],
    [1, false, "NO_DOWN_FILE"],
  ]);
  expect((await historyOf(at.db)).slice(4)).toEqual([
    "4 down rolled_back 1/1",
    "3 down rolled_back 1/1",
    "2 down rolled_back 1/1",
    "1 down unmarked 0/1",
  ]);
  expect(await valueOf(at.db, "SELECT to_regclass('a')")).toBe("a");
  expect((await migrationStatus(at.db, at)).pending).toBe(3);
});

test("a failed migration with a transaction is one step: its mark goes, what was applied before stays", async () => {
  await using at = await testMigrations({
    "001_a.sql": "CREATE TABLE a ();",
    "001_a.down.sql": "DROP TABLE a;",
    "002_b.sql": "SELECT 1 / 0;",
  });
  await errorOf(migrateUp(at.db, { dir: at.dir }));
  expect((await rollback(at.db, { dir: at.dir })).migrations).toMatchObject([
    { version: 2, schemaChanged: false, forced: [] },
  ]);
  expect(await valueOf(at.db, "SELECT to_regclass('a')")).toBe("a");
  expect((await migrationStatus(at.db, at)).migrations.map(({ state }) => state)).toEqual([
    "applied",
    "pending",
  ]);
  expect((await rollback(at.db, { dir: at.dir })).migrations).toMatchObject([
    { version: 1, schemaChanged: true },
  ]);
});

test("a down file is read by the same rules as an up file", async () => {
  for (const [down, code] of [
    ["BEGIN; DROP TABLE a; COMMIT; BEGIN; SELECT 1; COMMIT;", "TRANSACTION_STATEMENT"],
    ["DROP INDEX CONCURRENTLY i", "NEEDS_NO_TRANSACTION"],
    ["\\i x", "PSQL_COMMAND"],
    ["-- nothing", "EMPTY_MIGRATION"],
  ] as const) {
    await using at = await testMigrations({
      "001_a.sql": "CREATE TABLE a ();",
      "001_a.down.sql": down,
    });
    await migrateUp(at.db, { dir: at.dir });
    expect(await errorOf(rollback(at.db, { dir: at.dir }))).toMatchObject({
      code,
      file: "001_a.down.sql",
    });
  }
});

test("a way back that fails leaves the migration applied", async () => {
  await using at = await testMigrations({
    "001_a.sql": "CREATE TABLE a ();",
    "001_a.down.sql": "DROP TABLE a;\nDROP TABLE b;",
  });
  await migrateUp(at.db, { dir: at.dir });
  expect(await errorOf(rollback(at.db, { dir: at.dir }))).toMatchObject({
    code: "STATEMENT_FAILED",
    line: 2,
    sqlState: "42P01",
  });
  expect(await historyOf(at.db)).toEqual(["1 up applied 1/1"]);
  expect(await valueOf(at.db, "SELECT to_regclass('a')")).toBe("a");
});
