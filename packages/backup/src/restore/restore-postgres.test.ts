import { openPostgres, quoteIdentifier, type Postgres } from "@ctb-data/postgres";
import { createTestDatabase } from "@ctb-data/postgres/testing";
import { expect, test } from "vitest";
import { contentOf, fillWorld, makeTestKeys, openBackupWorld } from "../../testing/backup-world.ts";
import { testFolder } from "../../testing/test-folder.ts";
import { backupKey } from "../archive/archive-layout.ts";
import { createBackup } from "../create/create-backup.ts";
import { openFolderStorage } from "../storage/folder/folder-storage.ts";
import { restoreBackup } from "./restore-backup.ts";

const watching = [
  "CREATE TABLE seen (tag text)",
  "CREATE TABLE kept AS SELECT 1 AS one",
  "GRANT SELECT ON kept TO PUBLIC",
  "CREATE FUNCTION watch() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN INSERT INTO public.seen VALUES (tg_tag); END'",
  `CREATE FUNCTION forbid() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN RAISE ''not here''; END'`,
  "CREATE EVENT TRIGGER watcher ON ddl_command_end EXECUTE FUNCTION watch()",
  "CREATE EVENT TRIGGER dropped ON sql_drop EXECUTE FUNCTION watch()",
  "CREATE EVENT TRIGGER blocker ON ddl_command_start EXECUTE FUNCTION forbid()",
  "ALTER EVENT TRIGGER blocker ENABLE ALWAYS",
  "CREATE EVENT TRIGGER off ON ddl_command_start EXECUTE FUNCTION forbid()",
  "ALTER EVENT TRIGGER off DISABLE",
];

test("event triggers neither see nor forbid the restore that makes them", async () => {
  await using folder = testFolder();
  await using source = await createTestDatabase();
  await using target = await createTestDatabase();
  await using from = await openPostgres({ url: source.url });
  await using to = await openPostgres({ url: target.url });
  for (const sql of watching) await from.query(sql);
  const storage = await openFolderStorage({ dir: folder.path });
  const { recipient, signingKey, identity } = makeTestKeys();
  const encryption = { kind: "age", recipients: [recipient] } as const;
  const { id } = await createBackup({ storage, postgres: from, encryption, signingKey });
  await restoreBackup({ storage, id, postgres: to, identities: [identity] });
  expect(await contentOf(to)).toEqual(await contentOf(from));
  const states = "SELECT evtname, evtenabled FROM pg_event_trigger ORDER BY 1";
  expect((await to.query(states)).rows).toEqual((await from.query(states)).rows);
});

test("a restore ends where a publication has all tables, and where new sessions are read-only", async () => {
  await using folder = testFolder();
  await using source = await createTestDatabase();
  await using target = await createTestDatabase();
  await using from = await openPostgres({ url: source.url });
  for (const sql of [
    "CREATE TABLE t AS SELECT 1 AS one",
    "CREATE PUBLICATION everything FOR ALL TABLES",
    "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET default_transaction_read_only = on', current_database()); END $$",
  ])
    await from.query(sql);
  await using readOnly = await openPostgres({ url: source.url });
  const storage = await openFolderStorage({ dir: folder.path });
  const { recipient, signingKey, identity } = makeTestKeys();
  const encryption = { kind: "age", recipients: [recipient] } as const;
  const { id } = await createBackup({ storage, postgres: readOnly, encryption, signingKey });
  await using to = await openPostgres({ url: target.url });
  await restoreBackup({ storage, id, postgres: to, identities: [identity] });
  await using restored = await openPostgres({ url: target.url });
  expect(await contentOf(restored)).toEqual(await contentOf(from));
  expect((await restored.query("SHOW default_transaction_read_only")).rows).toEqual([
    { default_transaction_read_only: "on" },
  ]);
});

test.each(["exact", "overwrite"] as const)(
  "rows are not given up for a backup whose documents are damaged: %s",
  async (mode) => {
    await using world = await openBackupWorld();
    await fillWorld(world);
    const { storage, postgres, firestore, keys } = world;
    const encryption = { kind: "age", recipients: [keys.recipient] } as const;
    const { signingKey } = keys;
    const { id } = await createBackup({ storage, postgres, firestore, encryption, signingKey });
    for await (const { key } of storage.list(backupKey(id, "firestore/data/notes/")))
      await storage.put(key, Buffer.from("no part at all"));
    await postgres.query("UPDATE clients SET name = 'precious'");
    await postgres.query("CREATE TABLE newer AS SELECT 1 AS one");
    const before = await contentOf(postgres);
    const identities = [keys.identity];
    await expect(
      restoreBackup({ storage, id, postgres, firestore, identities, mode, ramp: false }),
    ).rejects.toMatchObject({ code: "CORRUPT" });
    expect(await contentOf(postgres)).toEqual(before);
  },
);

/** How many advisory locks there are, when every limit of the session that has one is over. */
async function heldLocks(postgres: Postgres): Promise<unknown> {
  return await postgres.withConnection(async (connection) => {
    await connection.query("SET statement_timeout = 0; SET transaction_timeout = 0");
    await connection.query("SELECT pg_sleep(1)");
    return (
      await connection.query(
        "SELECT count(*)::int AS count FROM pg_locks WHERE locktype = 'advisory' AND database = (SELECT oid FROM pg_database WHERE datname = current_database())",
      )
    ).rows;
  });
}

test("a restore outlives the time limits of its database, and keeps other restores out meanwhile", async () => {
  await using folder = testFolder();
  await using source = await createTestDatabase();
  await using target = await createTestDatabase();
  await using from = await openPostgres({ url: source.url });
  for (const sql of [
    "CREATE FUNCTION slow() RETURNS int LANGUAGE plpgsql AS 'BEGIN PERFORM pg_sleep(2); RETURN 1; END'",
    "CREATE MATERIALIZED VIEW view AS SELECT public.slow()",
  ])
    await from.query(sql);
  const storage = await openFolderStorage({ dir: folder.path });
  const { recipient, signingKey, identity } = makeTestKeys();
  const encryption = { kind: "age", recipients: [recipient] } as const;
  const { id } = await createBackup({ storage, postgres: from, encryption, signingKey });
  await using admin = await openPostgres({ url: target.url });
  const { rows } = await admin.query<{ name: string }>("SELECT current_database() AS name");
  for (const limit of [
    "statement_timeout",
    "idle_in_transaction_session_timeout",
    "idle_session_timeout",
    "transaction_timeout",
  ])
    await admin.query(`ALTER DATABASE ${quoteIdentifier(rows[0]?.name ?? "")} SET ${limit} = 250`);
  await using to = await openPostgres({ url: target.url });
  let locks: Promise<unknown> | undefined;
  await restoreBackup({
    storage,
    id,
    postgres: to,
    identities: [identity],
    onProgress: (progress) => {
      if (progress.kind === "step" && progress.detail?.startsWith("refresh") === true)
        locks = heldLocks(admin);
    },
  });
  expect(await locks).toEqual([{ count: 1 }]);
  expect((await admin.query("SELECT slow FROM view")).rows).toEqual([{ slow: 1 }]);
});
