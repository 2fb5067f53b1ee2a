import { openPostgres } from "@ctb-data/postgres";
import { createTestDatabase } from "@ctb-data/postgres/testing";
import { expect, test } from "vitest";
import { makeTestKeys } from "../../testing/backup-world.ts";
import { testFolder } from "../../testing/test-folder.ts";
import { backupKey, evidenceFolder } from "../archive/archive-layout.ts";
import { listBackups } from "../archive/list-backups.ts";
import { createBackup } from "../create/create-backup.ts";
import { openFolderStorage } from "../storage/folder/folder-storage.ts";
import { verifyBackup } from "../verify/verify-backup.ts";
import { pruneBackups } from "./prune-backups.ts";

const dayMs = 86_400_000;

test("nothing is deleted for verified backups that lost a part since, and a list outlives objects that are too large", async () => {
  await using folder = testFolder();
  await using database = await createTestDatabase();
  await using postgres = await openPostgres({ url: database.url });
  await postgres.query("CREATE TABLE t AS SELECT 1 AS one");
  const storage = await openFolderStorage({ dir: folder.path });
  const { recipient, signingKey } = makeTestKeys();
  const encryption = { kind: "age", recipients: [recipient] } as const;
  const ids: string[] = [];
  for (const days of [40, 39, 38, 37]) {
    const now = (): Date => new Date(Date.now() - days * dayMs);
    const { id } = await createBackup({ storage, postgres, encryption, signingKey, now });
    await verifyBackup({ storage, id, level: "hashes", signingKey, now });
    ids.push(id);
  }
  const policy = { retentionDays: 1, minKeep: 2 };
  const prune = async (): Promise<readonly string[]> => {
    const backups = await listBackups(storage);
    return (await pruneBackups({ storage, backups, policy, allowMany: true })).deleted;
  };
  const lost = backupKey(ids[3] ?? "", "postgres/objects.json.zst.age");
  const part = await storage.get(lost);
  await storage.delete([lost]);
  expect(await prune()).toEqual([]);
  // Somebody leaves what nobody can read: in the place of a record, and of evidence.
  const huge = `${evidenceFolder(ids[3] ?? "")}huge.json`;
  const record = backupKey("2026-01-01T00-00-00Z-00000000", "BACKUP.json");
  for (const key of [huge, record]) {
    const upload = await storage.openUpload(key);
    for (let count = 0; count < 65; count += 1) await upload.write(Buffer.alloc(2 ** 20));
    await upload.complete();
  }
  const listed = await listBackups(storage);
  expect(listed.map(({ valid, verifiedAt }) => valid && verifiedAt !== null)).toEqual(
    listed.map(({ id }) => ids.includes(id)),
  );
  expect(listed).toHaveLength(5);
  await storage.put(lost, part?.body ?? Buffer.alloc(0));
  expect(await prune()).toEqual(ids.slice(0, 2));
});
