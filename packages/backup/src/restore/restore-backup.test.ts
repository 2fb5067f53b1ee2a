import { expect, test } from "vitest";
import {
  contentOf,
  fillWorld,
  openBackupWorld,
  type BackupWorld,
} from "../../testing/backup-world.ts";
import { createBackup } from "../create/create-backup.ts";
import { digestDatabase, digestDifferences } from "../firestore/digest-documents.ts";
import { verifyBackup } from "../verify/verify-backup.ts";
import { restoreBackup } from "./restore-backup.ts";
import type { RestoreBackupOptions } from "./restore-options.ts";

async function backUp({ storage, postgres, firestore, keys }: BackupWorld): Promise<string> {
  const { id } = await createBackup({
    storage,
    postgres,
    firestore,
    encryption: { kind: "age", recipients: [keys.recipient] },
    signingKey: keys.signingKey,
    splitBytes: 65_536,
  });
  return id;
}

function into(world: BackupWorld, id: string): RestoreBackupOptions {
  const { storage, target, firestoreTarget, keys } = world;
  return {
    storage,
    id,
    postgres: target,
    firestore: firestoreTarget,
    identities: [keys.identity],
    ramp: false,
  };
}

async function expectEqual({
  postgres,
  firestore,
  target,
  firestoreTarget,
}: BackupWorld): Promise<void> {
  expect(await contentOf(target)).toEqual(await contentOf(postgres));
  const before = await digestDatabase({ firestore });
  expect(digestDifferences(before, await digestDatabase({ firestore: firestoreTarget }))).toEqual(
    [],
  );
}

test("a target that is not empty is refused and left as it is; exact makes it what the backup is", async () => {
  await using world = await openBackupWorld();
  await fillWorld(world, 2000);
  const id = await backUp(world);
  const { target, firestoreTarget } = world;
  await target.query("CREATE TABLE precious AS SELECT 1 AS one");
  await target.query("CREATE TABLE clients (other text)");
  await firestoreTarget.document("notes/n1").set({ mine: true });
  await firestoreTarget.document("others/1").set({ mine: true });
  const before = await contentOf(target);
  await expect(restoreBackup(into(world, id))).rejects.toMatchObject({
    code: "NOT_EMPTY",
    message: expect.stringContaining("relation clients"),
  });
  expect(await contentOf(target)).toEqual(before);
  await restoreBackup({ ...into(world, id), mode: "exact" });
  await expectEqual(world);
  // And once more, over itself.
  await restoreBackup({ ...into(world, id), mode: "exact" });
  await expectEqual(world);
});

test("overwrite replaces what has the same key and keeps the rest; what is missing is made", async () => {
  await using world = await openBackupWorld();
  await fillWorld(world);
  const id = await backUp(world);
  const { target, firestoreTarget } = world;
  await restoreBackup(into(world, id));
  await target.query("UPDATE clients SET name = 'changed' WHERE id = 3");
  await target.query("DELETE FROM orders WHERE id <= 50");
  await target.query("INSERT INTO clients (id, name) VALUES (1000, 'new')");
  await target.query(`DROP TABLE "Odd ""näme"" / 1"`);
  await firestoreTarget.document("notes/n1").set({ changed: true });
  await firestoreTarget.document("notes/new").set({ kept: true });
  await restoreBackup({ ...into(world, id), mode: "overwrite" });
  const { rows } = await target.query("SELECT name FROM clients WHERE id IN (3, 1000) ORDER BY id");
  expect(rows).toEqual([{ name: "Clïent 3" }, { name: "new" }]);
  expect((await firestoreTarget.document("notes/new").get())?.data).toEqual({ kept: true });
  await target.query("DELETE FROM clients WHERE id = 1000");
  await firestoreTarget.document("notes/new").delete();
  await expectEqual(world);
});

test("a single table comes with what it needs, and a single collection with what is below it", async () => {
  await using world = await openBackupWorld();
  await fillWorld(world);
  const id = await backUp(world);
  const { target, firestoreTarget } = world;
  const report = await restoreBackup({
    ...into(world, id),
    tables: ["clients"],
    collection: "gone",
  });
  expect(report).toMatchObject({
    postgres: { tables: 1, rows: 20, warnings: [] },
    firestore: { documents: 1 },
  });
  expect(
    await target.query("SELECT count(*)::int AS count, max(upper_name) AS last FROM clients"),
  ).toMatchObject({
    rows: [{ count: 20, last: "CLÏENT 9" }],
  });
  // The next id is behind those that are there.
  expect(
    (await target.query("INSERT INTO clients (name) VALUES ('next') RETURNING id")).rows,
  ).toEqual([{ id: 21 }]);
  expect(await firestoreTarget.collections()).toEqual(["gone"]);
  const orders = await restoreBackup({ ...into(world, id), tables: ["public.orders"] });
  expect(orders).toMatchObject({ postgres: { rows: 200 }, firestore: null });
  await expect(restoreBackup({ ...into(world, id), tables: ["orders"] })).rejects.toMatchObject({
    code: "NOT_EMPTY",
  });
  await expect(restoreBackup({ ...into(world, id), tables: ["nothing"] })).rejects.toMatchObject({
    code: "NOT_FOUND",
    hint: expect.stringContaining("public.clients"),
  });
  await target.query("DELETE FROM orders WHERE id > 10");
  await restoreBackup({ ...into(world, id), tables: ["orders"], mode: "exact" });
  expect((await target.query("SELECT count(*)::int AS count FROM orders")).rows).toEqual([
    { count: 200 },
  ]);
});

test("rows that violate a foreign key in the source fail the restore, or make it NOT VALID with a word", async () => {
  await using world = await openBackupWorld();
  await fillWorld(world);
  await world.postgres.query("ALTER TABLE orders DISABLE TRIGGER ALL");
  await world.postgres.query("UPDATE orders SET client_id = 999 WHERE id = 7");
  await world.postgres.query("ALTER TABLE orders ENABLE TRIGGER ALL");
  const id = await backUp(world);
  await expect(restoreBackup(into(world, id))).rejects.toMatchObject({
    code: "DATABASE_FAILED",
    message: expect.stringContaining("orders_client_id_fkey"),
  });
  const report = await restoreBackup({ ...into(world, id), onViolation: "not-valid" });
  expect(report.postgres?.warnings).toEqual([expect.stringContaining("orders_client_id_fkey")]);
  expect((await world.target.query("SELECT client_id FROM orders WHERE id = 7")).rows).toEqual([
    { client_id: 999 },
  ]);
});

test("a drill restores into throwaway stores, compares everything, and says where references lead nowhere", async () => {
  await using world = await openBackupWorld();
  await using scratch = await openBackupWorld();
  await fillWorld(world);
  await world.postgres.query("DELETE FROM orders WHERE client_id = 5");
  await world.postgres.query("DELETE FROM clients WHERE id = 5");
  const id = await backUp(world);
  const { storage, keys } = world;
  let closed = false;
  const evidence = await verifyBackup({
    storage,
    id,
    level: "drill",
    identities: [keys.identity],
    signingKey: keys.signingKey,
    openScratch: async () => ({
      postgres: scratch.target,
      firestore: scratch.firestoreTarget,
      description: "a throwaway place",
      close: async () => {
        closed = true;
      },
    }),
  });
  expect(evidence).toMatchObject({
    ok: true,
    level: "drill",
    target: "a throwaway place",
    findings: [],
    notes: ["clients: 1 documents have no row in clients, for example clients/5."],
  });
  expect(closed).toBe(true);
});

test("nothing is taken for a finished restore while it is not: a backup of half a database is refused", async () => {
  await using world = await openBackupWorld();
  await fillWorld(world);
  const id = await backUp(world);
  const halt = new AbortController();
  const stopped = restoreBackup({
    ...into(world, id),
    signal: halt.signal,
    onProgress: (progress) => {
      if (progress.kind === "count") halt.abort();
    },
  });
  await expect(stopped).rejects.toMatchObject({ code: "CANCELLED" });
  const { storage, target, keys } = world;
  const half = createBackup({
    storage,
    postgres: target,
    encryption: { kind: "age", recipients: [keys.recipient] },
    signingKey: keys.signingKey,
  });
  await expect(half).rejects.toMatchObject({ code: "REFUSED" });
  await restoreBackup(into(world, id));
  await expectEqual(world);
});
