import { openPostgres, type Postgres } from "@ctb-data/postgres";
import { createTestDatabase } from "@ctb-data/postgres/testing";
import { expect, test } from "vitest";
import { makeTestKeys } from "../../testing/backup-world.ts";
import { testFolder } from "../../testing/test-folder.ts";
import { backupKey } from "../archive/archive-layout.ts";
import { createBackup } from "../create/create-backup.ts";
import { openFolderStorage } from "../storage/folder/folder-storage.ts";
import type { Storage } from "../storage/storage.ts";
import { restoreBackup } from "./restore-backup.ts";
import type { RestoreBackupOptions, RestoreReport } from "./restore-options.ts";

/** One database, and backups of it. */
interface Place extends AsyncDisposable {
  readonly postgres: Postgres;
  readonly storage: Storage;
  create(): Promise<string>;
  restore(id: string, options: Partial<RestoreBackupOptions>): Promise<RestoreReport>;
}

async function openPlace(...schema: readonly string[]): Promise<Place> {
  const stack = new AsyncDisposableStack();
  const folder = stack.use(testFolder());
  const { url } = stack.use(await createTestDatabase());
  const postgres = stack.use(await openPostgres({ url }));
  const storage = await openFolderStorage({ dir: folder.path });
  const { recipient, signingKey, identity } = makeTestKeys();
  const encryption = { kind: "age", recipients: [recipient] } as const;
  for (const sql of schema) await postgres.query(sql);
  return {
    postgres,
    storage,
    create: async () => (await createBackup({ storage, postgres, encryption, signingKey })).id,
    restore: async (id, options) =>
      await restoreBackup({ storage, id, postgres, identities: [identity], ...options }),
    [Symbol.asyncDispose]: async () => await stack.disposeAsync(),
  };
}

/** Damages the rows of a table in a backup. */
async function damage(storage: Storage, id: string, folder: string): Promise<void> {
  for await (const { key } of storage.list(backupKey(id, `postgres/data/${folder}/`)))
    await storage.put(key, Buffer.from("no part at all"));
}

test("a restore over a table that fails leaves no word of itself: other backups are made and restored", async () => {
  await using place = await openPlace("CREATE TABLE t (id int PRIMARY KEY, v text)");
  const { postgres, storage } = place;
  await postgres.query("INSERT INTO t VALUES (1, 'as it was')");
  const good = await place.create();
  const bad = await place.create();
  await damage(storage, bad, "public.t");
  await postgres.query("UPDATE t SET v = 'changed'");
  for (const mode of ["exact", "overwrite"] as const)
    await expect(place.restore(bad, { tables: ["t"], mode })).rejects.toMatchObject({
      code: "CORRUPT",
    });
  expect((await postgres.query("SELECT v FROM t")).rows).toEqual([{ v: "changed" }]);
  await place.create();
  await place.restore(good, { tables: ["t"], mode: "exact" });
  expect((await postgres.query("SELECT v FROM t")).rows).toEqual([{ v: "as it was" }]);
});

test("what a failed restore of one backup left of a table is replaced by another backup, exactly, and by nothing else", async () => {
  await using place = await openPlace("CREATE TABLE t (id int PRIMARY KEY)", "CREATE TABLE u ()");
  const { postgres, storage } = place;
  await postgres.query("INSERT INTO t VALUES (1)");
  const good = await place.create();
  const bad = await place.create();
  await damage(storage, bad, "public.t");
  await postgres.query("DROP TABLE t");
  await expect(place.restore(bad, { tables: ["t"] })).rejects.toMatchObject({ code: "CORRUPT" });
  await expect(place.restore(good, { tables: ["t"] })).rejects.toMatchObject({ code: "REFUSED" });
  await expect(place.restore(good, { tables: ["u"], mode: "exact" })).rejects.toMatchObject({
    code: "REFUSED",
    hint: expect.stringContaining("public.t"),
  });
  await place.restore(good, { tables: ["t"], mode: "exact" });
  expect((await postgres.query("SELECT id FROM t")).rows).toEqual([{ id: 1 }]);
  await place.create();
});

test("overwriting raises a sequence that was never used to one that was used once", async () => {
  await using place = await openPlace("CREATE TABLE t (id serial PRIMARY KEY)");
  const { postgres } = place;
  await postgres.query("INSERT INTO t DEFAULT VALUES");
  const id = await place.create();
  await postgres.query("TRUNCATE t RESTART IDENTITY");
  await place.restore(id, { mode: "overwrite" });
  const { rows } = await postgres.query("INSERT INTO t DEFAULT VALUES RETURNING id");
  expect(rows).toEqual([{ id: 2 }]);
});

test.each(["empty", "exact"] as const)(
  "a sequence that another table takes its keys from does not go back: %s",
  async (mode) => {
    await using place = await openPlace(
      "CREATE SEQUENCE shared",
      "CREATE TABLE a (id int DEFAULT nextval('shared'), own serial)",
      "CREATE TABLE b (id int DEFAULT nextval('shared'))",
    );
    const { postgres } = place;
    await postgres.query("INSERT INTO a DEFAULT VALUES");
    const id = await place.create();
    await postgres.query("INSERT INTO b SELECT FROM generate_series(1, 5)");
    await postgres.query("INSERT INTO a DEFAULT VALUES");
    if (mode === "empty") await postgres.query("TRUNCATE a");
    await place.restore(id, { tables: ["a"], mode });
    const { rows } = await postgres.query("INSERT INTO a DEFAULT VALUES RETURNING id, own");
    expect(rows).toEqual([{ id: 8, own: 2 }]);
  },
);
