import { setTimeout as sleep } from "node:timers/promises";
import { openPostgres } from "@ctb-data/postgres";
import { expect, test } from "vitest";
import { rowsWorld } from "../../testing/rows-world.ts";
import type { IntegrityProgress } from "../progress.ts";
import { checkRows, checkRowsIn } from "./check-rows.ts";
import { mostKeptTables } from "./letting-go.ts";
import type { RowRule } from "./row-rule.ts";
import { withSnapshot } from "./with-snapshot.ts";

function rule(id: string, sql: string, { columns = ["n"], hidden = false } = {}): RowRule {
  const message = (count: number): string => `${count} rows break ${id}.`;
  const subject = { id, kind: "check" as const, severity: "error" as const, columns, message, hidden };
  return { subject, sql };
} // prettier-ignore

function model(id: string, reads: string, breaks: (text: string | null) => boolean): RowRule {
  const { subject } = rule(id, "true", { columns: ["s"] });
  return { subject, reads, columns: ["s"], breaks: ([text = null]) => breaks(text) ? "It is odd." : undefined }; // prettier-ignore
}

test("a finding has the count, its message, and the first five rows of the table with their values", async () => {
  await using world = await rowsWorld(
    "CREATE TABLE t (id int PRIMARY KEY, n int, s text, c char(4))",
    `INSERT INTO t SELECT 1000 - n, n, CASE WHEN n % 2 = 0 THEN repeat('é🎉', 100) ELSE E'a\\\\b\\tc\\n' END, 'x' FROM generate_series(1, 999) AS n`,
    "INSERT INTO t VALUES (5000, NULL, NULL, NULL)",
  );
  const rules = {
    t: [
      rule("small", "t.n <= 7"),
      rule("null", "t.n IS NULL", { columns: ["n", "c"] }),
      rule("hidden", "t.n = 3", { columns: ["s"], hidden: true }),
      rule("never", "t.n > 1000"),
      model("backslash", "t.n < 10", (text) => text === "a\\b\tc\n"),
      rule("texts", "t.n IN (1, 2)", { columns: ["s", "c"] }),
    ],
  };
  const { findings, rows, notChecked } = await checkRows(world.db, await world.scans({ rules }));
  expect([rows, notChecked]).toEqual([1000, []]);
  expect(findings.map(({ id, count }) => [id, count])).toEqual([["small", 7], ["null", 1], ["hidden", 1], ["backslash", 5], ["texts", 2]]); // prettier-ignore
  const [small, empty, hidden, backslash, texts] = findings;
  expect(small).toEqual({
    id: "small", kind: "check", severity: "error", store: "postgres", table: "t", columns: ["n"], message: "7 rows break small.", count: 7,
    examples: [1, 2, 3, 4, 5].map((n) => ({ key: { id: String(1000 - n) }, values: { n: String(n) } })),
  }); // prettier-ignore
  expect(empty?.examples).toEqual([{ key: { id: "5000" }, values: { n: null, c: null } }]);
  expect(hidden?.examples).toEqual([{ key: { id: "997" } }]);
  expect(backslash?.examples[0]).toEqual({ key: { id: "999" }, values: { s: "a\\b\tc\n" }, detail: "It is odd." }); // prettier-ignore
  expect(texts?.examples[1]?.values).toEqual({ s: `${"é🎉".repeat(59)}é…`, c: "x   " });
});

test("a table that is read in many pieces by several sessions gives what one session finds, and tells its rows", async () => {
  await using world = await rowsWorld(
    "CREATE TABLE p (id bigint PRIMARY KEY)",
    "INSERT INTO p SELECT n FROM generate_series(1, 1000) AS n",
    "CREATE TABLE t (id int, p_id bigint REFERENCES p, filler text) WITH (fillfactor = 10)",
    "ALTER TABLE t ALTER filler SET STORAGE PLAIN",
    "SET session_replication_role = replica; INSERT INTO t SELECT n, 1 + n % 1010, repeat('x', 3000) FROM generate_series(1, 10000) AS n; SET session_replication_role = origin",
    "ANALYZE",
  );
  const scans = await world.scans();
  const progress: IntegrityProgress[] = [];
  const many = await checkRows(world.db, scans, { connections: 3, onProgress: (one) => void progress.push(one) }); // prettier-ignore
  const one = await checkRows(world.db, scans, { connections: 1 });
  expect(many.findings).toEqual(one.findings);
  expect(many.findings.map(({ count }) => count)).toEqual([90]);
  expect(many.rows).toBe(11_000);
  const counts = progress.flatMap((event) => (event.kind === "count" ? [event] : []));
  expect(counts.filter(({ name }) => name === "t").length).toBeGreaterThan(1);
  expect(counts.reduce((sum, { items }) => sum + items, 0)).toBe(11_000);
});

test("what is written while it is checked changes nothing", async () => {
  await using world = await rowsWorld(
    "CREATE TABLE p (id int PRIMARY KEY)",
    "INSERT INTO p SELECT n FROM generate_series(1, 100) AS n",
    "CREATE TABLE t (id int PRIMARY KEY, p_id int, email text)",
    "INSERT INTO t SELECT n, n, 'e' || n FROM generate_series(1, 100) AS n",
  );
  const registry = `
tables:
  p: { columns: [{ name: id, type: integer, pk: true }] }
  t: { columns: [{ name: id, type: integer, pk: true }, { name: p_id, type: integer, references: p.id }, { name: email, type: text, unique: true }] }`;
  const scans = await world.scans({ registry });
  const first = await withSnapshot(world.db, { connections: 2 }, async (snapshot) => {
    await world.run("DELETE FROM p", "UPDATE t SET p_id = 7000, email = 'x'");
    return await checkRowsIn(snapshot, scans);
  });
  expect(first.findings).toEqual([]);
  const second = await checkRows(world.db, scans);
  expect(second.findings.map(({ count }) => count)).toEqual([100, 99]);
  expect(second.findings[1]?.examples[0]).toMatchObject({ key: { id: "2" }, values: { email: "x" }, detail: "The row that stays has id 1." }); // prettier-ignore
});

test("a table that was emptied just after the snapshot makes no orphans: what depends on it is named", async () => {
  await using world = await rowsWorld(
    "CREATE TABLE p (id int PRIMARY KEY)",
    "CREATE TABLE q (id int PRIMARY KEY) PARTITION BY RANGE (id)",
    "CREATE TABLE q1 PARTITION OF q FOR VALUES FROM (0) TO (9)",
    "INSERT INTO p VALUES (1)",
    "INSERT INTO q VALUES (1)",
    "CREATE TABLE t (id int PRIMARY KEY, p_id int REFERENCES p, q_id int REFERENCES q, n int)",
    "INSERT INTO t VALUES (1, 1, 1, 0)",
    "ALTER TABLE t DROP CONSTRAINT t_p_id_fkey, DROP CONSTRAINT t_q_id_fkey",
  );
  const registry = `
tables:
  p: { columns: [{ name: id, type: integer, pk: true }] }
  q: { columns: [{ name: id, type: integer, pk: true }] }
  t: { columns: [{ name: id, type: integer, pk: true }, { name: p_id, type: integer, references: p.id }, { name: q_id, type: integer, references: q.id }] }`;
  const scans = await world.scans({ registry, rules: { t: [rule("zero", "t.n = 0")] } });
  const { findings, notChecked } = await withSnapshot(world.db, {}, async (snapshot) => {
    await world.run("TRUNCATE p", "TRUNCATE q1");
    return await checkRowsIn(snapshot, scans);
  });
  expect(findings.map(({ id }) => id)).toEqual(["zero"]);
  expect(notChecked).toEqual(["p", "q"].map((name) => `public.${name} was emptied or rewritten when the check had just begun: what depends on it was not checked.`)); // prettier-ignore
  const later = await checkRows(world.db, scans);
  expect(later.findings.map(({ id }) => id)).toEqual(["zero", "orphan:t(p_id)->p(id)", "orphan:t(q_id)->q(id)"]); // prettier-ignore
});

test("nulls in a column that is NOT NULL, and what a valid CHECK forbids, are found, because nothing is believed", async () => {
  await using world = await rowsWorld(
    "CREATE TABLE nulls (id int PRIMARY KEY, n int)",
    "INSERT INTO nulls VALUES (1, 1), (2, NULL)",
    "UPDATE pg_attribute SET attnotnull = true WHERE attname = 'n' AND attrelid = 'nulls'::regclass",
    "CREATE TABLE checked (id int PRIMARY KEY, n int)",
    "INSERT INTO checked VALUES (1, -1)",
    "ALTER TABLE checked ADD CONSTRAINT positive CHECK (n > 0) NOT VALID",
    "UPDATE pg_constraint SET convalidated = true WHERE conname = 'positive'",
    // A row in a partition whose bounds keep it out.
    "CREATE TABLE parts (id int NOT NULL, n int) PARTITION BY LIST (id)",
    "CREATE TABLE parts_3 (id int NOT NULL, n int)",
    "INSERT INTO parts_3 VALUES (77, 1), (3, 1)",
    "ALTER TABLE parts_3 ADD CONSTRAINT bounds CHECK (id = 3) NOT VALID",
    "UPDATE pg_constraint SET convalidated = true WHERE conname = 'bounds'",
    "ALTER TABLE parts ATTACH PARTITION parts_3 FOR VALUES IN (3)",
  );
  await using db = await openPostgres({ url: world.url });
  // One rule each: the planner only believes what the whole condition says.
  const rules = {
    nulls: [rule("null", "t.n IS NULL")],
    checked: [rule("positive", "t.n <= 0")],
    parts: [rule("other", "t.id = 77", { columns: ["id"] })],
  };
  const { findings } = await checkRows(db, await world.scans({ rules }));
  expect(Object.fromEntries(findings.map(({ id, count }) => [id, count]))).toEqual({ null: 1, positive: 1, other: 1 }); // prettier-ignore
});

test("a rule that fails for some row, and one that the server does not understand, are named, and all others are checked", async () => {
  await using world = await rowsWorld(
    "CREATE TABLE t (id int PRIMARY KEY, n int, s text)",
    "INSERT INTO t VALUES (1, 0, 'secret-value'), (2, 5, '7')",
  );
  const rules = { t: [rule("division", "10 / t.n > 1"), rule("cast", "t.s::int > 0"), rule("five", "t.n = 5"), rule("unknown", "nowhere(t.n)")] }; // prettier-ignore
  const { findings, notChecked, rows } = await checkRows(world.db, await world.scans({ rules }));
  expect(findings.map(({ id }) => id)).toEqual(["five"]);
  expect(rows).toBe(2);
  expect(notChecked).toEqual([
    "cast was not checked: PostgreSQL cannot evaluate it for some row (22P02).",
    "division was not checked: PostgreSQL cannot evaluate it for some row (22012).",
    "unknown was not checked: function nowhere(integer) does not exist.",
  ]);
});

test("a check that calls what writes, has no right, does not end or raises any error is named, and says no value", async () => {
  await using world = await rowsWorld(
    "CREATE TABLE log (n int)",
    "CREATE TABLE t (id int PRIMARY KEY, n int)",
    "INSERT INTO t VALUES (1, 5), (2, 0)",
    ...Object.entries({
      writes: "INSERT INTO log VALUES (n); RETURN true;",
      endless: "RETURN endless(n);",
      forbidden: "RAISE EXCEPTION USING ERRCODE = '42501', MESSAGE = 'secret';",
      unknown: "RAISE EXCEPTION USING ERRCODE = 'XX000', MESSAGE = 'secret';",
    }).map(([name, body]) => `CREATE FUNCTION ${name}(n int) RETURNS bool LANGUAGE plpgsql AS $$ BEGIN ${body} END $$`), // prettier-ignore
  );
  const names = ["writes", "endless", "forbidden", "unknown"];
  const rules = { t: [...names.map((name) => rule(name, `NOT ${name}(t.n)`)), rule("five", "t.n = 5")] }; // prettier-ignore
  const { findings, notChecked } = await checkRows(world.db, await world.scans({ rules }));
  expect(findings.map(({ id, count }) => [id, count])).toEqual([["five", 1]]);
  expect(notChecked).toEqual([
    "endless was not checked: PostgreSQL cannot evaluate it for some row (54001).",
    "forbidden was not checked: PostgreSQL cannot evaluate it for some row (42501).",
    "unknown was not checked: PostgreSQL cannot evaluate it for some row (XX000).",
    "writes was not checked: PostgreSQL cannot evaluate it for some row (25006).",
  ]);
});

test("of hundreds of tables the locks are let go one by one, and what is found is the same; a table read in parts has its rows once", async () => {
  await using world = await rowsWorld();
  const count = mostKeptTables + 1;
  const made = Array.from({ length: count }, (_, n) => `CREATE TABLE t${n} (id int PRIMARY KEY, p int, q text UNIQUE); INSERT INTO t${n} VALUES (1, 1, 'a'), (2, ${n === 7 ? 3 : 1}, 'b')`); // prettier-ignore
  await world.run(made.join(";"));
  const registry = `tables:\n${Array.from({ length: count }, (_, n) => `  t${n}: { columns: [{ name: id, type: integer, pk: true }, { name: p, type: integer, references: t0.id }, { name: q, type: text }] }`).join("\n")}`; // prettier-ignore
  const many = Array.from({ length: 501 }, (_, n) => rule(`rule ${n}`, `t.id = ${n + 2}`));
  const scans = await world.scans({ registry, rules: { t5: many } });
  await withSnapshot(world.db, {}, async (snapshot) => {
    const { findings, rows } = await checkRowsIn(snapshot, scans);
    expect(findings.map(({ id }) => id)).toEqual(["rule 0", "orphan:t7(p)->t0(id)"]);
    expect(rows).toBe(count * 2);
    for (const connection of snapshot.connections) {
      const { rows: locks } = await connection.query<{ n: number }>("SELECT count(*)::int AS n FROM pg_locks WHERE pid = pg_backend_pid() AND relation >= 16384"); // prettier-ignore
      expect(locks[0]?.n).toBeLessThan(10);
    }
  });
});

test("a statement that takes too long is a STATEMENT_TIMEOUT with the table, by the option or by the session", async () => {
  await using world = await rowsWorld(
    "CREATE TABLE t (id int PRIMARY KEY, n int)",
    "INSERT INTO t SELECT n, n FROM generate_series(1, 1000) AS n",
  );
  const scans = await world.scans({ rules: { t: [rule("slow", "pg_sleep(0.01) IS NULL")] } });
  const expected = { code: "STATEMENT_TIMEOUT", table: "public.t", message: "Reading public.t took longer than statement_timeout allows." }; // prettier-ignore
  await expect(checkRows(world.db, scans, { statementTimeoutMs: 200 })).rejects.toMatchObject(expected); // prettier-ignore
  await using own = await openPostgres({ url: world.url, statementTimeoutMs: 200 });
  await expect(checkRows(own, scans)).rejects.toMatchObject(expected);
  await expect(checkRows(own, scans, { statementTimeoutMs: -1 })).rejects.toMatchObject({ code: "INVALID_OPTIONS" }); // prettier-ignore
});

test("a signal ends it in the middle, and the pool can be used on", async () => {
  await using world = await rowsWorld(
    "CREATE TABLE t (id int PRIMARY KEY, n int)",
    "INSERT INTO t SELECT n, n FROM generate_series(1, 1000) AS n",
  );
  const scans = await world.scans({ rules: { t: [rule("slow", "pg_sleep(0.1) IS NULL")] } });
  const controller = new AbortController();
  const checking = checkRows(world.db, scans, { signal: controller.signal });
  const running = "SELECT FROM pg_stat_activity WHERE query LIKE 'COPY%pg_sleep(0.1)%' AND state = 'active' AND pid <> pg_backend_pid()"; // prettier-ignore
  while ((await world.db.query(running)).rowCount === 0) await sleep(10);
  controller.abort();
  await expect(checking).rejects.toMatchObject({ code: "CANCELLED" });
  // The server says that it was cancelled a moment before it is idle.
  while ((await world.db.query(running)).rowCount !== 0) await sleep(10);
  await expect(checkRows(world.db, scans, { signal: controller.signal })).rejects.toMatchObject({ code: "CANCELLED" }); // prettier-ignore
});

test("a table that may not be read, and one of which policies hide rows, are refused by name", async () => {
  await using world = await rowsWorld(
    "CREATE TABLE open (id int PRIMARY KEY)",
    "CREATE TABLE t (id int PRIMARY KEY, n int)",
    "INSERT INTO t VALUES (1, NULL)",
    "DO $$ BEGIN CREATE ROLE a_rows_reader LOGIN PASSWORD 'x'; EXCEPTION WHEN duplicate_object THEN NULL; END $$",
  );
  const url = new URL(world.url);
  url.username = "a_rows_reader";
  url.password = "x";
  await using reader = await openPostgres({ url: url.href });
  const scans = await world.scans({ rules: { t: [rule("null", "t.n IS NULL")] } });
  await expect(checkRows(reader, scans)).rejects.toMatchObject({ code: "DENIED" });
  await world.run("GRANT SELECT ON ALL TABLES IN SCHEMA public TO a_rows_reader", "ALTER TABLE t ENABLE ROW LEVEL SECURITY"); // prettier-ignore
  await expect(checkRows(reader, scans)).rejects.toMatchObject({
    code: "DENIED",
    table: "public.t",
    hint: expect.stringContaining("BYPASSRLS"),
  });
  await reader.close();
  await world.run("DROP OWNED BY a_rows_reader", "DROP ROLE a_rows_reader");
});
