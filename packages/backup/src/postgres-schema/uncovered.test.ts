import { openPostgres } from "@ctb-data/postgres";
import { createTestDatabase } from "@ctb-data/postgres/testing";
import { expect, test } from "vitest";
import { exportSchema } from "./export-schema.ts";

async function uncoveredOf(
  statements: readonly string[],
): Promise<readonly { readonly kind: string; readonly name: string }[]> {
  await using database = await createTestDatabase();
  await using db = await openPostgres({ url: database.url });
  for (const sql of statements) {
    // A unique index that fails while it is built concurrently stays, and is invalid.
    await db.query(sql).catch((error: unknown) => {
      if (!sql.includes("CONCURRENTLY")) throw error;
    });
  }
  const { uncovered } = await db.transaction(async (tx) => await exportSchema(tx));
  // A database with a subscription cannot be dropped.
  await db.query("DROP SUBSCRIPTION IF EXISTS ctb_sub");
  return uncovered.map(({ kind, name }) => ({ kind, name }));
}

test("large objects are told as not covered", async () => {
  expect(await uncoveredOf(["SELECT lo_create(0)", "SELECT lo_create(0)"])).toEqual([
    { kind: "large object", name: "2 objects" },
  ]);
});

function comment(text: string): string {
  return `DO $$ BEGIN EXECUTE format('COMMENT ON DATABASE %I IS %L', current_database(), '${text}'); END $$`;
}

test("a comment on the database is told, but not the one that initdb wrote", async () => {
  expect(await uncoveredOf([comment("default administrative connection database")])).toEqual([]);
  expect(await uncoveredOf([comment("ours")])).toMatchObject([{ kind: "comment" }]);
});

test("an index that is invalid is told as not covered", async () => {
  const statements = [
    "CREATE TABLE t (a integer)",
    "INSERT INTO t VALUES (1), (1)",
    "CREATE UNIQUE INDEX CONCURRENTLY t_a ON t (a)",
  ];
  expect(await uncoveredOf(statements)).toEqual([{ kind: "index", name: "public.t_a" }]);
});

test("a foreign key whose triggers are off, an operator without function and a subscription are told", async () => {
  const found = await uncoveredOf([
    "CREATE TABLE a (id integer PRIMARY KEY); CREATE TABLE b (a_id integer REFERENCES a)",
    "ALTER TABLE b DISABLE TRIGGER ALL",
    "CREATE OPERATOR <<<>>> (FUNCTION = int4pl, LEFTARG = integer, RIGHTARG = integer, COMMUTATOR = >>><<<)",
    "CREATE SUBSCRIPTION ctb_sub CONNECTION 'host=127.0.0.1 password=secret' PUBLICATION p WITH (connect = false)",
    "ALTER SUBSCRIPTION ctb_sub SET (slot_name = NONE)",
  ]);
  expect(found.map(({ kind }) => kind).toSorted()).toEqual([
    "operator",
    "subscription",
    "trigger state",
    "trigger state",
  ]);
  expect(JSON.stringify(found)).not.toContain("secret");
});

test("a child whose parent got a column later keeps its order, and what that costs is told", async () => {
  await using database = await createTestDatabase();
  await using db = await openPostgres({ url: database.url });
  await db.query(
    "CREATE TABLE p (a integer); CREATE TABLE c (b integer) INHERITS (p); ALTER TABLE p ADD d integer DEFAULT 3",
  );
  const { preData, uncovered } = await db.transaction(async (tx) => await exportSchema(tx));
  expect(uncovered).toMatchObject([{ kind: "inherited columns", name: "public.c" }]);
  expect(preData.find(({ name }) => name === "c")?.sql).toBe(
    "CREATE TABLE public.c (\n  a integer,\n  b integer,\n  d integer DEFAULT 3\n);\nALTER TABLE ONLY public.c INHERIT public.p;",
  );
});

test("temporary tables are nobody's schema", async () => {
  await using database = await createTestDatabase();
  await using db = await openPostgres({ url: database.url });
  await db.transaction(async (tx) => {
    await tx.query(
      "CREATE TEMP TABLE t (id serial PRIMARY KEY, a integer CHECK (a > 0) DEFAULT 1); CREATE TEMP VIEW v AS SELECT * FROM t",
    );
    const { preData, postData, uncovered } = await exportSchema(tx);
    expect([preData.map(({ id }) => id), postData, uncovered]).toEqual([["schema public"], [], []]);
  });
});

test("outside of a transaction the schema is not read", async () => {
  await using database = await createTestDatabase();
  await using db = await openPostgres({ url: database.url });
  await expect(exportSchema(db)).rejects.toMatchObject({ code: "INVALID_OPTIONS" });
});
