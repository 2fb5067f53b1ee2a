import { openPostgres, type Postgres } from "@ctb-data/postgres";
import { createTestDatabase } from "@ctb-data/postgres/testing";
import { expect, test } from "vitest";
import { countChangedRows, readWriteCounters } from "./changed-rows.ts";

const tables = [
  { schema: "public", name: 'odd "name"' },
  { schema: "public", name: "other" },
];

async function openWorld(): Promise<AsyncDisposable & { readonly postgres: Postgres }> {
  const database = await createTestDatabase();
  const postgres = await openPostgres({ url: database.url });
  await postgres.query('CREATE TABLE "odd ""name""" (id int PRIMARY KEY, note text)');
  await postgres.query("CREATE TABLE other (id int)");
  await postgres.query('INSERT INTO "odd ""name""" SELECT n FROM generate_series(1, 100) AS n');
  return {
    postgres,
    [Symbol.asyncDispose]: async () => {
      await postgres.close();
      await database.drop();
    },
  };
}

async function snapshotOf(postgres: Postgres): Promise<string> {
  const { rows } = await postgres.query<{ at: string }>("SELECT pg_current_snapshot()::text AS at");
  return rows[0]?.at ?? "";
}

test("rows written between two snapshots are counted, those before and after are not", async () => {
  await using world = await openWorld();
  const { postgres } = world;
  const from = await snapshotOf(postgres);
  await postgres.query(`INSERT INTO "odd ""name""" VALUES (101), (102)`);
  await postgres.query(`UPDATE "odd ""name""" SET note = 'x' WHERE id <= 3`);
  const to = await snapshotOf(postgres);
  await postgres.query(`INSERT INTO "odd ""name""" VALUES (103)`);
  await postgres.query("INSERT INTO other VALUES (1)");
  expect(await countChangedRows(postgres, { from, to, tables }, () => true)).toEqual({
    count: 5,
    tables: { 'public."odd ""name"""': 5 },
    why: null,
  });
});

test("a transaction that was open at the first snapshot and committed before the second counts", async () => {
  await using world = await openWorld();
  const { postgres } = world;
  let from = "";
  await postgres.transaction(async (tx) => {
    await tx.query("INSERT INTO other VALUES (7)");
    from = await snapshotOf(postgres);
  });
  const to = await snapshotOf(postgres);
  expect(await countChangedRows(postgres, { from, to, tables }, () => true)).toMatchObject({
    count: 1,
    tables: { "public.other": 1 },
  });
});

test("one that is still open at the second snapshot does not count", async () => {
  await using world = await openWorld();
  const { postgres } = world;
  const from = await snapshotOf(postgres);
  let to = "";
  await postgres.transaction(async (tx) => {
    await tx.query("INSERT INTO other VALUES (7)");
    to = await snapshotOf(postgres);
  });
  expect(await countChangedRows(postgres, { from, to, tables }, () => true)).toMatchObject({
    count: 0,
  });
});

test("a table that is too large makes the answer unknown, and says which", async () => {
  await using world = await openWorld();
  const { postgres } = world;
  const from = await snapshotOf(postgres);
  await postgres.query("INSERT INTO other VALUES (1)");
  const to = await snapshotOf(postgres);
  const answer = await countChangedRows(
    postgres,
    { from, to, tables, maxTableBytes: 100 },
    (table) => table === "public.other",
  );
  expect(answer).toMatchObject({ count: null, why: expect.stringContaining("public.other") });
});

test("the server counts writes per table", async () => {
  await using world = await openWorld();
  const counters = await readWriteCounters(world.postgres);
  expect([...counters.keys()].toSorted()).toEqual(['public."odd ""name"""', "public.other"]);
});
