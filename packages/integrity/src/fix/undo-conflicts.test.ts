import { expect, test } from "vitest";
import { databaseFacts } from "../../testing/fix-facts.ts";
import { broken, duplicates } from "../../testing/fix-scans.ts";
import { fixWorld } from "../../testing/fix-world.ts";

const tables = `
CREATE TABLE t (id integer PRIMARY KEY, email text, n integer); CREATE UNIQUE INDEX by_email ON t (lower(email)) WHERE n < 100;
CREATE TABLE c (id integer PRIMARY KEY, t_id integer REFERENCES t, note text);
INSERT INTO t VALUES (1, 'a', -1), (2, 'b', -1), (3, 'c', -1), (4, 'd', 4); INSERT INTO c VALUES (1, 1), (2, 2), (3, 4);
`;
const bad = broken("range", "t", ["n"], "t.n < 0");

test("a row whose key or unique value is taken by now stays in the quarantine, and so do rows that lead to it", async () => {
  await using w = await fixWorld(tables);
  const { run } = await w.fix([bad]);
  await w.sql("INSERT INTO t VALUES (1, 'x', 1), (9, 'B', 9)");
  const planned = await w.undo(run, true);
  expect(planned).toMatchObject({ dryRun: true, rows: 3 });
  const undone = await w.undo(run);
  expect(undone.rows).toBe(2);
  expect(undone.conflicts.map(({ place, key, reason }) => [place, key["id"], reason])).toEqual([
    ["public.t", "1", "Its key in t_pkey is taken by another row now."],
    ["public.t", "2", "Its key in by_email is taken by another row now."],
    ["public.c", "2", "It refers to a row of t that is not there."],
  ]);
  expect(await w.sql("SELECT id, t_id FROM c ORDER BY id")).toEqual([
    { id: 1, t_id: 1 },
    { id: 3, t_id: 4 },
  ]);
  await w.sql("DELETE FROM t WHERE id = 9");
  const again = await w.undo(run);
  expect(again.rows).toBe(2);
  expect(again.conflicts).toMatchObject([{ key: { id: "1" } }]);
  expect(await w.sql("SELECT id, email FROM t ORDER BY id")).toEqual([
    { id: 1, email: "x" }, { id: 2, email: "b" }, { id: 3, email: "c" }, { id: 4, email: "d" },
  ]); // prettier-ignore
  expect(
    await w.sql(
      "SELECT key ->> 'id' AS id, conflict FROM ctb_data.quarantine WHERE restored_at IS NULL",
    ),
  ).toEqual([{ id: "1", conflict: "Its key in t_pkey is taken by another row now." }]);
});

test("an emptied column that somebody has filled since is not overwritten; other columns of its row stay as they are", async () => {
  await using w = await fixWorld(
    "CREATE TABLE t (id integer PRIMARY KEY, n integer, note text); INSERT INTO t VALUES (1, -1, ''), (2, -2, ''), (3, -3, '')",
  );
  const { run } = await w.fix([bad], { strategy: "set-null" });
  await w.sql(
    "UPDATE t SET n = 7 WHERE id = 1; UPDATE t SET note = 'new' WHERE id = 2; DELETE FROM t WHERE id = 3",
  );
  const undone = await w.undo(run);
  expect(undone.conflicts).toMatchObject([
    { key: { id: "1" }, reason: "It was changed or deleted since." },
    { key: { id: "3" }, reason: "It was changed or deleted since." },
  ]);
  expect(await w.sql("SELECT * FROM t ORDER BY id")).toEqual([
    { id: 1, n: 7, note: "" },
    { id: 2, n: -2, note: "new" },
  ]);
});

test("columns that came, went or changed their type, and tables that are gone, are told", async () => {
  await using w =
    await fixWorld(`CREATE TABLE t (id integer PRIMARY KEY, a text, n integer, z integer); INSERT INTO t VALUES (1, 'a', -1, 3);
    CREATE TABLE u (id integer PRIMARY KEY, n integer); INSERT INTO u VALUES (1, -1); CREATE TABLE v (id integer PRIMARY KEY, n integer); INSERT INTO v VALUES (1, -1)`);
  const { run } = await w.fix([
    bad,
    broken("range", "u", ["n"], "true"),
    broken("range", "v", ["n"], "true"),
  ]);
  await w.sql(
    "ALTER TABLE t DROP a, ADD b integer DEFAULT 5 NOT NULL, ALTER z TYPE bigint; DROP TABLE u; ALTER TABLE v ADD w integer NOT NULL",
  );
  const undone = await w.undo(run);
  expect(undone.notes).toEqual([
    "public.u is gone; its 1 rows stay in ctb_data.quarantine.",
    "public.t has no a any more; the values stay in ctb_data.quarantine.",
  ]);
  expect(undone.conflicts).toMatchObject([
    { place: "public.v", reason: "The table has a new column w, which must have a value." },
  ]);
  expect(await w.sql("SELECT * FROM t")).toEqual([{ id: 1, n: -1, z: 3n, b: 5 }]);
  await w.sql("ALTER TABLE v DROP w");
  expect(await w.undo(run)).toMatchObject({ rows: 1, conflicts: [] });
});

test("of rows that are the same as many come back as went, though others were changed", async () => {
  await using w = await fixWorld(
    "CREATE TABLE h (a text, n integer); INSERT INTO h SELECT 'x', 1 FROM generate_series(1, 5)",
  );
  const { run } = await w.fix([duplicates("h", ["a"], { key: [] })], { strategy: "set-null" });
  expect(await w.sql("SELECT a, count(*) FROM h GROUP BY a ORDER BY a")).toEqual([
    { a: "x", count: 1n },
    { a: null, count: 4n },
  ]);
  await w.sql("DELETE FROM h WHERE ctid IN (SELECT ctid FROM h WHERE a IS NULL LIMIT 1)");
  const undone = await w.undo(run);
  expect(undone.rows).toBe(3);
  expect(undone.conflicts).toHaveLength(1);
  expect(await w.sql("SELECT a, count(*) FROM h GROUP BY a")).toEqual([{ a: "x", count: 4n }]);
});

test("two runs are undone in whatever order, as far as that can be", async () => {
  await using w = await fixWorld(tables);
  const before = await databaseFacts(w.postgres);
  const first = await w.fix([bad]);
  const second = await w.fix([broken("range", "c", ["t_id"], "true")]);
  expect(await w.undo(first.run)).toMatchObject({ rows: 5, conflicts: [] });
  expect(await w.undo(second.run)).toMatchObject({ rows: 1, conflicts: [] });
  expect(await databaseFacts(w.postgres)).toEqual(before);
});
