import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { databaseFacts } from "../../testing/fix-facts.ts";
import { broken } from "../../testing/fix-scans.ts";
import { fixWorld } from "../../testing/fix-world.ts";

test("what refers to one partition, and what refers to a table of which one partition refers, goes along and comes back", async () => {
  await using w = await fixWorld(`
    CREATE TABLE parts (id integer, part integer, PRIMARY KEY (part, id)) PARTITION BY LIST (part);
    CREATE TABLE parts_1 PARTITION OF parts FOR VALUES IN (1); CREATE TABLE parts_2 PARTITION OF parts FOR VALUES IN (2); INSERT INTO parts VALUES (1, 1), (2, 1), (1, 2);
    CREATE TABLE leads (id integer PRIMARY KEY, part integer, n integer, FOREIGN KEY (part, n) REFERENCES parts_1 ON DELETE CASCADE); INSERT INTO leads VALUES (1, 1, 1), (2, 1, 2);
    CREATE TABLE p (id integer PRIMARY KEY, code text UNIQUE); CREATE TABLE c (id integer, k integer, p_id integer, PRIMARY KEY (k, id)) PARTITION BY LIST (k);
    CREATE TABLE c_1 PARTITION OF c FOR VALUES IN (1); ALTER TABLE c_1 ADD FOREIGN KEY (p_id) REFERENCES p ON DELETE CASCADE;
    CREATE TABLE d (id integer PRIMARY KEY, k integer, c_id integer, FOREIGN KEY (k, c_id) REFERENCES c ON DELETE CASCADE);
    INSERT INTO p VALUES (1, 'a'), (2, 'b'); INSERT INTO c VALUES (1, 1, 1), (2, 1, 2); INSERT INTO d VALUES (1, 1, 1), (2, 1, 2)`);
  const before = await databaseFacts(w.postgres);
  const { run, steps } = await w.fix([
    broken("range", "parts", ["id"], "t.id = 1", { key: ["part", "id"] }),
    broken("range", "p", ["id"], "t.id = 1"),
  ]);
  expect(steps).toMatchObject([{ changed: 3 }, { changed: 3 }]);
  expect(
    await w.sql(
      "SELECT place, key FROM ctb_data.quarantine WHERE place IN ('public.leads', 'public.d')",
    ),
  ).toEqual([
    { place: "public.leads", key: { id: "1" } },
    { place: "public.d", key: { id: "1" } },
  ]);
  await w.sql("INSERT INTO p VALUES (3, 'a')");
  const { rows, conflicts } = await w.undo(run);
  expect(rows).toBe(3);
  expect(conflicts.map(({ place, key }) => [place, key])).toEqual([
    ["public.p", { id: "1" }],
    ["public.c", { id: "1", k: "1" }],
    ["public.d", { id: "1" }],
  ]);
  await w.sql("DELETE FROM p WHERE id = 3");
  expect(await w.undo(run)).toMatchObject({ rows: 3, conflicts: [] });
  expect(await databaseFacts(w.postgres)).toEqual(before);
});

test("a reference that a migration adds while the fix waits for its lock takes no row silently", async () => {
  await using w = await fixWorld(`
    CREATE TABLE p (id integer PRIMARY KEY); CREATE TABLE c (id integer PRIMARY KEY, p_id integer, note text);
    INSERT INTO p VALUES (1), (2); INSERT INTO c VALUES (1, 1, 'kept'), (2, 2, 'there')`);
  const fixing = await w.postgres.transaction(async (migration) => {
    await migration.query("ALTER TABLE c ADD FOREIGN KEY (p_id) REFERENCES p ON DELETE CASCADE");
    const fix = w.fix([broken("range", "p", ["id"], "t.id = 1")]);
    for (let waiting = 0n; waiting === 0n; await sleep(5)) {
      const { rows } = await migration.query<{ readonly count: bigint }>(
        "SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = 'p'::regclass",
      );
      waiting = rows[0]?.count ?? 0n;
    }
    return { fix };
  });
  const { run, steps } = await fixing.fix;
  expect(steps).toMatchObject([{ state: "done", changed: 2 }]);
  expect(await w.undo(run)).toMatchObject({ rows: 2, conflicts: [] });
  expect(await w.sql("SELECT id, note FROM c ORDER BY id")).toEqual([
    { id: 1, note: "kept" },
    { id: 2, note: "there" },
  ]);
});

test("a step in which the server would change rows that were not foreseen fails, and nothing is changed", async () => {
  await using w = await fixWorld(`
    CREATE TABLE p (id integer PRIMARY KEY, n integer, g integer GENERATED ALWAYS AS (n) STORED UNIQUE);
    CREATE TABLE c (id integer PRIMARY KEY, g integer REFERENCES p (g) ON UPDATE CASCADE); INSERT INTO p VALUES (1, 5), (2, 6); INSERT INTO c VALUES (1, 5), (2, 6)`);
  const before = await databaseFacts(w.postgres);
  const { steps } = await w.fix([broken("range", "p", ["n"], "t.n = 5")], {
    strategy: "set-null",
  });
  expect(steps).toMatchObject([{ state: "failed", changed: 0 }]);
  expect(steps[0]?.reason).toContain("1 rows of public.c");
  expect(await databaseFacts(w.postgres)).toEqual(before);
});
