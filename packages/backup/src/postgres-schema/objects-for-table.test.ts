import { openPostgres } from "@ctb-data/postgres";
import { createTestDatabase } from "@ctb-data/postgres/testing";
import { expect, test } from "vitest";
import { tortureSchema } from "../../testing/schema-servers.ts";
import { applyPostData, applyPreData } from "./apply-schema.ts";
import { exportSchema } from "./export-schema.ts";
import { objectsForTable } from "./objects-for-table.ts";

test("every table of a hard schema can be made alone in an empty database", async () => {
  await using database = await createTestDatabase();
  await using source = await openPostgres({ url: database.url });
  await source.withConnection(async (c) => void (await c.query(await tortureSchema("embedded"))), {
    destroy: true,
  });
  const exported = await source.transaction(async (tx) => await exportSchema(tx));
  // Its check reads another table, which nothing in the catalog tells.
  const tables = exported.preData.filter(
    ({ kind, name }) => kind === "table" && name !== "checked_by_function",
  );
  expect(tables.length).toBeGreaterThan(40);
  for (const { schema, name, sql } of tables) {
    const { preData, postData } = objectsForTable(exported, schema ?? "", name);
    await using target = await openTarget();
    await applyPreData(target.db, preData);
    await applyPostData(
      target.db,
      postData.filter(({ kind }) => kind !== "event trigger"),
    );
    const copy = await target.db.transaction(async (tx) => await exportSchema(tx));
    expect(
      copy.preData.find(
        (object) => object.kind === "table" && object.schema === schema && object.name === name,
      )?.sql,
    ).toBe(sql);
  }
}, 300_000);

async function openTarget(): Promise<
  { readonly db: Awaited<ReturnType<typeof openPostgres>> } & AsyncDisposable
> {
  const stack = new AsyncDisposableStack();
  const database = stack.use(await createTestDatabase());
  const db = stack.use(await openPostgres({ url: database.url }));
  return { db, [Symbol.asyncDispose]: async () => await stack.disposeAsync() };
}

test("a table comes with its types, its sequence, its partitions and its keys, but not with keys to other tables", async () => {
  await using database = await createTestDatabase();
  await using db = await openPostgres({ url: database.url });
  await db.query(`CREATE TYPE mood AS ENUM ('a'); CREATE TYPE unused AS ENUM ('b'); CREATE TABLE other (id integer PRIMARY KEY);
    CREATE TABLE t (id serial, m mood, other_id integer REFERENCES other, PRIMARY KEY (id)) PARTITION BY RANGE (id);
    CREATE TABLE t1 PARTITION OF t FOR VALUES FROM (0) TO (10); CREATE INDEX ON t (m); CREATE VIEW v AS SELECT * FROM t;`);
  const exported = await db.transaction(async (tx) => await exportSchema(tx));
  const found = objectsForTable(exported, "public", "t");
  expect(found.tables.map(({ name }) => name)).toEqual(["t", "t1"]);
  expect(found.preData.map(({ id }) => id)).toEqual([
    "schema public",
    "enum public.mood",
    "sequence public.t_id_seq",
    "table public.t",
    "table public.t1",
    "partition public.t1",
    "sequence owner public.t_id_seq on public.t",
  ]);
  expect(found.postData.map(({ kind }) => kind).toSorted()).toEqual([
    "index",
    "index",
    "index attachment",
    "index attachment",
    "primary key",
    "primary key",
  ]);
  expect(found.leftOut).toEqual(["foreign key public.t_other_id_fkey on public.t"]);
  expect(objectsForTable(exported, "public", "t1").preData.map(({ id }) => id)).not.toContain(
    "table public.t",
  );
  expect(() => objectsForTable(exported, "public", "nothing")).toThrow(
    expect.objectContaining({ code: "NOT_FOUND" }),
  );
});
