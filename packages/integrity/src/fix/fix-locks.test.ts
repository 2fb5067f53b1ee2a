import { openPostgres } from "@ctb-data/postgres";
import { startTcpProxy } from "@ctb-data/postgres/testing";
import { expect, test } from "vitest";
import { databaseFacts } from "../../testing/fix-facts.ts";
import { broken, once } from "../../testing/fix-scans.ts";
import { shopRegistry, shopSql, shopTargets } from "../../testing/fix-shop.ts";
import { fixWorld } from "../../testing/fix-world.ts";
import { fixFindings } from "./fix-findings.ts";
import { takeFixLock } from "./fix-lock.ts";
import { listFixRuns } from "./fix-runs.ts";
import { undoFix } from "./undo-fix.ts";

const table =
  "CREATE TABLE t (id integer PRIMARY KEY, n integer); INSERT INTO t VALUES (1, -1), (2, 2)";
const bad = broken("range", "t", ["n"], "t.n < 0");

test("one fix or undo at a time: the second one is told who holds the lock", async () => {
  await using w = await fixWorld(table);
  const { run } = await w.fix([bad]);
  await w.postgres.withConnection(
    async (connection) => {
      await takeFixLock(connection, { waitMs: 0 });
      const holder = {
        code: "LOCKED",
        message: expect.stringContaining(`process ${connection.processId}`),
      };
      const stores = { postgres: w.postgres, registry: w.registry };
      await expect(fixFindings(stores, { lockTimeoutMs: 50 }, once([bad]))).rejects.toMatchObject(
        holder,
      );
      await expect(undoFix(stores, { run, lockTimeoutMs: 50 })).rejects.toMatchObject(holder);
      const planned = await w.fix([bad], { dryRun: true });
      expect(planned.steps).toHaveLength(1);
    },
    { destroy: true },
  );
});

test("two fixes at once: one after the other, and both are undone", async () => {
  await using w = await fixWorld(shopSql, { registry: shopRegistry });
  const before = await databaseFacts(w.postgres);
  const runs = await Promise.all([w.fix(shopTargets), w.fix(shopTargets)]);
  expect(runs.flatMap(({ steps }) => steps.map(({ state }) => state))).toEqual(
    Array.from({ length: 6 }, () => "done"),
  );
  for (const { id } of await listFixRuns(w.postgres)) await w.undo(id);
  expect(await databaseFacts(w.postgres)).toEqual(before);
});

test("a table that others keep locked is LOCK_TIMEOUT after all tries, which changed nothing, and is no obstacle later", async () => {
  await using w = await fixWorld(table);
  const before = await databaseFacts(w.postgres);
  const stores = { postgres: w.postgres, registry: w.registry };
  await w.postgres.transaction(async (tx) => {
    await tx.query("UPDATE t SET n = 3 WHERE id = 2");
    await expect(fixFindings(stores, { lockTimeoutMs: 50 }, once([bad]))).rejects.toMatchObject({
      code: "LOCK_TIMEOUT",
    });
    await tx.query("UPDATE t SET n = 2 WHERE id = 2");
  });
  expect(await databaseFacts(w.postgres)).toEqual(before);
  expect(await listFixRuns(w.postgres)).toMatchObject([{ state: "failed", rows: 0, kept: 0 }]);
  const { run } = await w.fix([bad]);
  await w.postgres.transaction(async (tx) => {
    await tx.query("UPDATE t SET n = 2");
    await expect(undoFix(stores, { run, lockTimeoutMs: 50 })).rejects.toMatchObject({
      code: "LOCK_TIMEOUT",
      run,
    });
  });
  expect(await listFixRuns(w.postgres)).toMatchObject([
    { id: run, state: "interrupted", kept: 1 },
    {},
  ]);
  expect(await w.undo(run)).toMatchObject({ rows: 1 });
  expect(await databaseFacts(w.postgres)).toEqual(before);
});

test("a connection that is cut in COMMIT is an error that names the run, and whatever became of it can be undone", async () => {
  await using w = await fixWorld(shopSql, { registry: shopRegistry });
  const before = await databaseFacts(w.postgres);
  await using proxy = await startTcpProxy(w.url);
  await using cut = await openPostgres({
    url: proxy.url,
    registry: shopRegistry,
    connectRetries: 0,
  });
  let commits = 0;
  const postgres = new Proxy(cut, {
    get: (target, name) => {
      const value: unknown = Reflect.get(target, name, target);
      if (name !== "withConnection")
        return typeof value === "function" ? value.bind(target) : value;
      const lend: typeof cut.withConnection = async (fn, options) =>
        await target.withConnection(
          async (connection) =>
            await fn(
              new Proxy(connection, {
                get: (session, member) => {
                  const own: unknown = Reflect.get(session, member, session);
                  if (member !== "query")
                    return typeof own === "function" ? own.bind(session) : own;
                  return async (...parameters: Parameters<typeof session.query>) => {
                    const answer = session.query(...parameters);
                    if (parameters[0] === "COMMIT" && (commits += 1) === 2)
                      setImmediate(() => proxy.cut());
                    return await answer;
                  };
                },
              }),
            ),
          options,
        );
      return lend;
    },
  });
  const failed = fixFindings({ postgres, registry: shopRegistry }, {}, once(shopTargets));
  await expect(failed).rejects.toMatchObject({ code: "DATABASE_FAILED" });
  const [run] = await listFixRuns(w.postgres);
  expect(run?.id).toBeTypeOf("string");
  await expect.poll(async () => (await listFixRuns(w.postgres))[0]?.state).toBe("interrupted");
  const { run: second } = await w.fix(shopTargets);
  await w.undo(second);
  await w.undo(run?.id ?? "");
  expect(await databaseFacts(w.postgres)).toEqual(before);
});

test("a signal stops a fix in the middle of a statement, and nothing of the step is left", async () => {
  await using w = await fixWorld(table);
  const before = await databaseFacts(w.postgres);
  const abort = new AbortController();
  const slow = broken("range", "t", ["n"], "pg_sleep(30) IS NOT NULL");
  const fix = fixFindings(
    { postgres: w.postgres, registry: w.registry },
    { signal: abort.signal },
    once([slow]),
  );
  await expect
    .poll(async () => await w.sql("SELECT FROM pg_stat_activity WHERE wait_event = 'PgSleep'"))
    .toHaveLength(1);
  abort.abort();
  await expect(fix).rejects.toMatchObject({ code: "CANCELLED" });
  expect(await databaseFacts(w.postgres)).toEqual(before);
});

test("what cannot be written to the quarantine is not taken away", async () => {
  await using w = await fixWorld(table);
  const { run } = await w.fix([broken("range", "t", ["n"], "false")]);
  await w.sql(
    "CREATE FUNCTION ctb_data.full() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE SQLSTATE '53100' USING MESSAGE = 'could not extend file: No space left on device'; END $$",
  );
  await w.sql(
    "CREATE TRIGGER no_space BEFORE INSERT ON ctb_data.quarantine EXECUTE FUNCTION ctb_data.full()",
  );
  const before = await databaseFacts(w.postgres);
  const full = await w.fix([bad]);
  expect(full.steps).toMatchObject([
    { state: "failed", reason: expect.stringContaining("No space left on device") },
  ]);
  expect(await databaseFacts(w.postgres)).toEqual(before);
  await w.sql("DROP TRIGGER no_space ON ctb_data.quarantine");
  await w.undo(run);
  await expect(w.undo("20200101T000000Z-0000")).rejects.toMatchObject({
    code: "NOT_FOUND",
    hint: expect.stringContaining(full.run),
  });
});

test("a user who may not write a table gets nothing done, and is told so", async () => {
  await using w = await fixWorld(table);
  await w.fix([broken("range", "t", ["n"], "false")]);
  const role = `${new URL(w.url).pathname.slice(1)}_weak`;
  await w.sql(`CREATE ROLE ${role} LOGIN PASSWORD 'weak'; GRANT SELECT ON t TO ${role}`);
  try {
    const url = new URL(w.url);
    url.username = role;
    url.password = "weak";
    await using weak = await openPostgres({ url: url.href });
    const stores = { postgres: weak, registry: w.registry };
    await expect(fixFindings(stores, {}, once([bad]))).rejects.toMatchObject({ code: "DENIED" });
    await w.sql(
      `GRANT USAGE ON SCHEMA ctb_data TO ${role}; GRANT ALL ON ALL TABLES IN SCHEMA ctb_data TO ${role}`,
    );
    const { steps } = await fixFindings(stores, {}, once([bad]));
    expect(steps).toMatchObject([
      { state: "failed", reason: expect.stringContaining("permission denied for table t") },
    ]);
    const planned = await fixFindings(stores, { dryRun: true }, once([bad]));
    expect(planned.steps).toMatchObject([{ state: "planned", changed: 1 }]);
  } finally {
    await w.sql(`DROP OWNED BY ${role}; DROP ROLE ${role}`);
  }
});
