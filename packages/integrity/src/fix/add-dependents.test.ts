import * as fc from "fast-check";
import { expect, test } from "vitest";
import { databaseFacts } from "../../testing/fix-facts.ts";
import { broken, duplicates, orphans } from "../../testing/fix-scans.ts";
import { fixWorld } from "../../testing/fix-world.ts";

test("rows that refer to each other in circles, over one table or three, go and come back together", async () => {
  await using w = await fixWorld(
    `
    CREATE TABLE tree (id integer PRIMARY KEY, up integer REFERENCES tree ON DELETE RESTRICT, bad boolean);
    INSERT INTO tree VALUES (1, NULL, true), (2, 1, false), (3, 2, false), (4, NULL, false), (5, 4, false), (6, 6, true), (7, 6, false);
    CREATE TABLE a (x integer, y text, c_id integer, bad boolean, PRIMARY KEY (x, y)); CREATE TABLE b (id integer PRIMARY KEY, x integer, y text);
    CREATE TABLE c (id integer PRIMARY KEY, b_id integer NOT NULL REFERENCES b ON DELETE CASCADE);
    INSERT INTO a VALUES (1, 'k', 1, true), (2, 'k', 2, false), (3, 'k', NULL, false); INSERT INTO b VALUES (1, 1, 'k'), (2, 2, 'k'), (3, 1, NULL); INSERT INTO c VALUES (1, 1), (2, 2);
    ALTER TABLE a ADD FOREIGN KEY (c_id) REFERENCES c ON DELETE NO ACTION; ALTER TABLE b ADD FOREIGN KEY (y, x) REFERENCES a (y, x) ON DELETE RESTRICT`.replace(
      "(y, x) REFERENCES a (y, x)",
      "(x, y) REFERENCES a (x, y)",
    ),
  );
  const before = await databaseFacts(w.postgres);
  const { run, steps } = await w.fix([
    broken("range", "tree", ["bad"], "t.bad"),
    broken("range", "a", ["bad"], "t.bad", { key: ["x", "y"] }),
  ]);
  expect(steps).toMatchObject([{ changed: 5 }, { changed: 3 }]);
  expect(await w.sql("SELECT id FROM tree ORDER BY id")).toEqual([{ id: 4 }, { id: 5 }]);
  expect(await w.sql("SELECT id FROM b ORDER BY id")).toEqual([{ id: 2 }, { id: 3 }]);
  expect(await w.undo(run)).toMatchObject({ rows: 8, conflicts: [] });
  expect(await databaseFacts(w.postgres)).toEqual(before);
});

test("rows that still find a row of the same key stay; those of an emptied key that others refer to are emptied or go", async () => {
  await using w = await fixWorld(`
    CREATE TABLE p (id integer, code text); INSERT INTO p VALUES (1, 'a'), (1, 'b'), (2, 'c');
    CREATE TABLE c (id integer PRIMARY KEY, p_id integer); INSERT INTO c VALUES (1, 1), (2, 2);
    CREATE TABLE top (id integer PRIMARY KEY);
    CREATE TABLE one (id integer PRIMARY KEY, top_id integer UNIQUE); INSERT INTO one VALUES (1, 7), (2, NULL);
    CREATE TABLE two (id integer PRIMARY KEY, top_id integer REFERENCES one (top_id) ON UPDATE CASCADE); INSERT INTO two VALUES (1, 7), (2, NULL);
    CREATE TABLE three (id integer PRIMARY KEY, top_id integer NOT NULL REFERENCES one (top_id)); INSERT INTO three VALUES (1, 7)`);
  const before = await databaseFacts(w.postgres);
  const moved = await w.fix([duplicates("p", ["id"], { key: [] })]);
  expect(moved.steps).toMatchObject([{ changed: 1 }]);
  const cleared = await w.fix([orphans("one", ["top_id"], { table: "top", columns: ["id"] })], {
    strategy: "set-null",
  });
  expect(cleared.steps).toMatchObject([{ state: "done", changed: 3 }]);
  expect(await w.sql("SELECT 1 AS t, id, top_id FROM one UNION ALL SELECT 2, id, top_id FROM two UNION ALL SELECT 3, id, top_id FROM three ORDER BY 1, 2")).toEqual([
    { t: 1, id: 1, top_id: null }, { t: 1, id: 2, top_id: null }, { t: 2, id: 1, top_id: null }, { t: 2, id: 2, top_id: null },
  ]); // prettier-ignore
  await w.undo(cleared.run);
  await w.undo(moved.run);
  expect(await databaseFacts(w.postgres)).toEqual(before);
});

test("ON DELETE SET NULL of one column of two empties that one, and moves the row where it may not be empty", async () => {
  await using w = await fixWorld(`
    CREATE TABLE p (tenant integer, id integer, bad boolean, PRIMARY KEY (tenant, id)); INSERT INTO p VALUES (1, 1, true), (1, 2, false);
    CREATE TABLE c (id integer PRIMARY KEY, tenant integer NOT NULL, p_id integer, FOREIGN KEY (tenant, p_id) REFERENCES p ON DELETE SET NULL (p_id)); INSERT INTO c VALUES (1, 1, 1), (2, 1, 2);
    CREATE TABLE d (id integer PRIMARY KEY, tenant integer NOT NULL, p_id integer, FOREIGN KEY (tenant, p_id) REFERENCES p ON DELETE SET NULL); INSERT INTO d VALUES (1, 1, 1), (2, 1, 2);
    CREATE TABLE e (id integer PRIMARY KEY, tenant integer DEFAULT 1, p_id integer DEFAULT 2, FOREIGN KEY (tenant, p_id) REFERENCES p ON DELETE SET DEFAULT); INSERT INTO e VALUES (1, 1, 1), (2, 1, 2)`);
  const before = await databaseFacts(w.postgres);
  const { run, steps } = await w.fix(
    [broken("range", "p", ["bad"], "t.bad", { key: ["tenant", "id"] })],
    { strategy: "delete" },
  );
  expect(steps).toMatchObject([{ state: "done", changed: 4 }]);
  expect(await w.sql("SELECT * FROM c ORDER BY id")).toEqual([
    { id: 1, tenant: 1, p_id: null },
    { id: 2, tenant: 1, p_id: 2 },
  ]);
  expect(await w.sql("SELECT id FROM d UNION ALL SELECT id FROM e")).toEqual([
    { id: 2 },
    { id: 2 },
  ]);
  await w.undo(run);
  expect(await databaseFacts(w.postgres)).toEqual(before);
});

const actions = ["NO ACTION", "RESTRICT", "CASCADE", "SET NULL"] as const;

test("whatever refers to whatever, the closure leaves no row that leads nowhere, loses none, and undo restores the bytes", async () => {
  await using w = await fixWorld("");
  const reference = fc.record({
    from: fc.nat(3),
    to: fc.nat(3),
    onDelete: fc.constantFrom(...actions),
    deferred: fc.boolean(),
    notNull: fc.boolean(),
  });
  const rows = fc.array(
    fc.array(fc.option(fc.integer({ min: 1, max: 4 }), { freq: 4 }), {
      minLength: 6,
      maxLength: 6,
    }),
    { minLength: 16, maxLength: 16 },
  );
  await fc.assert(
    fc.asyncProperty(
      fc.array(reference, { minLength: 1, maxLength: 6 }),
      rows,
      fc.constantFrom("quarantine", "set-null", "delete"),
      fc.subarray([1, 2, 3, 4], { minLength: 1 }),
      async (references, values, strategy, bad) => {
        await w.sql("DROP SCHEMA public CASCADE; CREATE SCHEMA public");
        const columns = (table: number): readonly string[] =>
          references.flatMap(({ from, notNull }, n) =>
            from === table ? [`r${n} integer${notNull ? " NOT NULL" : ""}`] : [],
          );
        for (const table of [0, 1, 2, 3])
          await w.sql(
            `CREATE TABLE t${table} (${["id integer PRIMARY KEY", ...columns(table)].join(", ")})`,
          );
        for (const table of [0, 1, 2, 3]) {
          for (const id of [1, 2, 3, 4]) {
            const own = references.flatMap(({ from, notNull }, n) =>
              from === table ? [values[table * 4 + id - 1]?.[n] ?? (notNull ? id : null)] : [],
            );
            await w.sql(
              `INSERT INTO t${table} VALUES (${[id, ...own.map((value) => value ?? "NULL")].join(", ")})`,
            );
          }
        }
        for (const [n, { from, to, onDelete, deferred }] of references.entries())
          await w.sql(
            `ALTER TABLE t${from} ADD CONSTRAINT f${n} FOREIGN KEY (r${n}) REFERENCES t${to} ON DELETE ${onDelete}${deferred ? " DEFERRABLE INITIALLY DEFERRED" : ""}`,
          );
        const before = await databaseFacts(w.postgres);
        const { run, steps } = await w.fix(
          [broken("range", "t0", ["id"], `t.id IN (${bad.join(", ")})`)],
          { strategy },
        );
        expect(steps).toMatchObject([
          { state: "done", changed: expect.toSatisfy((changed: number) => changed >= bad.length) },
        ]);
        for (const [n, { from, to }] of references.entries())
          expect(
            await w.sql(
              `SELECT FROM t${from} c WHERE r${n} IS NOT NULL AND NOT EXISTS (SELECT FROM t${to} p WHERE p.id = c.r${n})`,
            ),
          ).toEqual([]);
        const left = await databaseFacts(w.postgres);
        const counted = Object.values(left.rows).flat().length;
        const [{ moved } = { moved: 0n }] = await w.sql(
          `SELECT count(*) FILTER (WHERE action <> 'changed') AS moved FROM ctb_data.quarantine WHERE run = '${run}'`,
        );
        expect(counted + Number(moved)).toBe(16);
        expect(await w.undo(run)).toMatchObject({ conflicts: [], notes: [] });
        expect(await databaseFacts(w.postgres)).toEqual(before);
      },
    ),
    { numRuns: process.env["SLOW"] === "1" ? 100 : 10 },
  );
});
