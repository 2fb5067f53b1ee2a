import { openPostgres } from "@ctb-data/postgres";
import { expect, test } from "vitest";
import { databaseFacts } from "../../testing/fix-facts.ts";
import { broken, orphans } from "../../testing/fix-scans.ts";
import { fixWorld } from "../../testing/fix-world.ts";
import { undoFix } from "./undo-fix.ts";

const rows = "INSERT INTO t SELECT n, n, '{}' FROM generate_series(0, 39) n";

test.each([
  ["a check that is new", "ALTER TABLE t ADD CHECK (a <> 7)", /t_a_check/],
  [
    "another type",
    "ALTER TABLE t ALTER a TYPE text; ALTER TABLE t ALTER a TYPE boolean USING a = '1'; CREATE DOMAIN d AS text CHECK (VALUE <> '7'); ALTER TABLE t ALTER a TYPE d USING a::text",
    /domain/,
  ],
  [
    "an exclusion",
    "ALTER TABLE t ADD EXCLUDE USING gist (int4range(a, a + 1) WITH &&); INSERT INTO t VALUES (100, 7, '{}')",
    /exclusion/,
  ],
  [
    "a value that no type takes",
    "ALTER TABLE t ALTER a TYPE varchar(9) USING CASE WHEN a = 1 THEN '' END; CREATE DOMAIN e AS integer CHECK (VALUE <> 7); ALTER TABLE t ALTER a TYPE e USING NULL",
    /domain/,
  ],
])(
  "%s keeps away the one row that it refuses, and all others come back",
  async (_, sql, reason) => {
    await using w = await fixWorld(
      `CREATE TABLE t (id integer PRIMARY KEY, a integer, b text[]); ${rows}`,
    );
    const { run } = await w.fix([broken("range", "t", ["id"], "true")]);
    await w.sql(sql);
    expect(await w.undo(run)).toMatchObject({
      rows: 39,
      conflicts: [{ place: "public.t", key: { id: "7" }, reason: expect.stringMatching(reason) }],
    });
    expect(
      await w.sql("SELECT count(*), count(*) FILTER (WHERE id = 7) AS seven FROM t WHERE id < 100"),
    ).toEqual([{ count: 39n, seven: 0n }]);
    expect(
      await w.sql(
        "SELECT old_row ->> 'id' AS id FROM ctb_data.quarantine WHERE restored_at IS NULL",
      ),
    ).toEqual([{ id: "7" }]);
  },
);

test("a partition that is gone keeps its rows away, with those that refer to them, and gets them later", async () => {
  await using w = await fixWorld(`
    CREATE TABLE p (id integer PRIMARY KEY) PARTITION BY RANGE (id); CREATE TABLE p_1 PARTITION OF p FOR VALUES FROM (0) TO (10); CREATE TABLE p_2 PARTITION OF p FOR VALUES FROM (10) TO (20);
    CREATE TABLE c (id integer PRIMARY KEY, p_id integer REFERENCES p); INSERT INTO p VALUES (1), (11); INSERT INTO c VALUES (1, 1), (2, 11)`);
  const before = await databaseFacts(w.postgres);
  const { run } = await w.fix([broken("range", "p", ["id"], "true")]);
  await w.sql("ALTER TABLE p DETACH PARTITION p_2");
  const { rows: back, conflicts } = await w.undo(run);
  expect(back).toBe(2);
  expect(conflicts.map(({ place, key }) => [place, key])).toEqual([
    ["public.p", { id: "11" }],
    ["public.c", { id: "2" }],
  ]);
  await w.sql("ALTER TABLE p ATTACH PARTITION p_2 FOR VALUES FROM (10) TO (20)");
  expect(await w.undo(run)).toMatchObject({ rows: 2, conflicts: [] });
  expect((await databaseFacts(w.postgres)).rows).toEqual(before.rows);
});

test("a value whose column has another name now is a conflict, and comes back when it has its name again", async () => {
  await using w = await fixWorld(
    "CREATE TABLE t (id integer PRIMARY KEY, a integer); INSERT INTO t VALUES (1, 7), (2, 8)",
  );
  const before = await databaseFacts(w.postgres);
  const { run } = await w.fix([broken("range", "t", ["a"], "t.a = 7")], { strategy: "set-null" });
  await w.sql("ALTER TABLE t RENAME a TO b");
  expect(await w.undo(run)).toMatchObject({ rows: 0, conflicts: [{ key: { id: "1" } }] });
  await w.sql("ALTER TABLE t RENAME b TO a");
  expect(await w.undo(run)).toMatchObject({ rows: 1, conflicts: [] });
  expect(await databaseFacts(w.postgres)).toEqual(before);
});

test("a row that was emptied and then moved is not taken for the one that has its key since", async () => {
  await using w = await fixWorld(
    "CREATE TABLE t (id integer PRIMARY KEY, a integer, b integer); INSERT INTO t VALUES (1, 7, 9)",
  );
  const before = await databaseFacts(w.postgres);
  const { run, steps } = await w.fix(
    [broken("length", "t", ["a"], "t.a = 7"), broken("range", "t", ["id"], "t.b = 9")],
    { strategy: "set-null" },
  );
  expect(steps).toMatchObject([{ changed: 1 }, { changed: 1 }]);
  expect(await w.undo(run, true)).toMatchObject({ rows: 2, conflicts: [] });
  await w.sql("INSERT INTO t VALUES (1, NULL, 100)");
  expect(await w.undo(run)).toMatchObject({ rows: 0, conflicts: [{}, {}] });
  expect(await w.sql("SELECT * FROM t")).toEqual([{ id: 1, a: null, b: 100 }]);
  await w.sql("DELETE FROM t");
  expect(await w.undo(run)).toMatchObject({ rows: 2, conflicts: [] });
  expect(await databaseFacts(w.postgres)).toEqual(before);
});

test("keys of types of extensions come back and are compared as the types do", async () => {
  await using w = await fixWorld(`CREATE EXTENSION ltree; CREATE EXTENSION citext;
    CREATE TABLE t (id ltree PRIMARY KEY, c citext UNIQUE); INSERT INTO t VALUES ('a.b', 'X'), ('a.c', 'Y'), ('a.d', 'Z')`);
  const { run } = await w.fix([broken("range", "t", ["id"], "t.c <> 'Z'")]);
  const emptied = await w.fix([broken("range", "t", ["c"], "true")], { strategy: "set-null" });
  expect(await w.undo(emptied.run)).toMatchObject({ rows: 1, conflicts: [] });
  await w.sql("INSERT INTO t VALUES ('z', 'x')");
  expect(await w.undo(run)).toMatchObject({
    rows: 1,
    conflicts: [{ key: { id: "a.b" }, reason: expect.stringContaining("t_c_key") }],
  });
});

test("what a database says about arrays and XML does not change what comes back", async () => {
  await using w = await fixWorld(
    `CREATE TABLE t (id integer PRIMARY KEY, a text[], x xml); INSERT INTO t VALUES (1, '{a,NULL,"NULL"}', 'a<b/>')`,
  );
  const before = await databaseFacts(w.postgres);
  const { run } = await w.fix([broken("range", "t", ["id"], "true")]);
  const name = new URL(w.url).pathname.slice(1);
  await w.sql(
    `ALTER DATABASE ${name} SET array_nulls = off; ALTER DATABASE ${name} SET xmloption = document; ALTER DATABASE ${name} SET synchronous_commit = off`,
  );
  await using later = await openPostgres({ url: w.url });
  await undoFix({ postgres: later, registry: w.registry }, { run });
  expect(await databaseFacts(w.postgres)).toEqual(before);
});

test("rows of a table that has another name for a while come back when it has its own again", async () => {
  await using w =
    await fixWorld(`CREATE TABLE p (id integer PRIMARY KEY); CREATE TABLE t (id integer PRIMARY KEY, p_id integer); INSERT INTO t VALUES (1, 1);
    ALTER TABLE t ADD CONSTRAINT f FOREIGN KEY (p_id) REFERENCES p NOT VALID`);
  const before = await databaseFacts(w.postgres);
  const to = { table: "p", columns: ["id"] };
  const { run } = await w.fix([orphans("t", ["p_id"], to, { constraint: "f" })]);
  await w.sql("ALTER TABLE t RENAME TO u");
  expect(await w.undo(run)).toMatchObject({
    rows: 0,
    statements: [],
    notes: ["public.t is gone; its 1 rows stay in ctb_data.quarantine."],
  });
  await w.sql("ALTER TABLE u RENAME TO t");
  expect(await w.undo(run)).toMatchObject({ rows: 1, conflicts: [], notes: [] });
  expect(await databaseFacts(w.postgres)).toEqual(before);
});
