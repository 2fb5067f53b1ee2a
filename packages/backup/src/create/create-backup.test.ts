import { expect, test } from "vitest";
import { contentOf, fillWorld, openBackupWorld } from "../../testing/backup-world.ts";
import { listBackups } from "../archive/list-backups.ts";
import { restoreBackup } from "../restore/restore-backup.ts";
import { verifyBackup } from "../verify/verify-backup.ts";
import { createBackup } from "./create-backup.ts";

test("a backup of both stores restores into empty ones as it was", async () => {
  await using world = await openBackupWorld();
  await fillWorld(world);
  const { storage, postgres, firestore, keys } = world;
  const { id, record, manifest } = await createBackup({
    storage,
    postgres,
    firestore,
    encryption: { kind: "age", recipients: [keys.recipient] },
    signingKey: keys.signingKey,
  });
  expect(record.totals).toMatchObject({ tables: 3, rows: 223, documents: 221 });
  expect(manifest.pairing).toMatchObject({
    changedRows: { count: 0 },
    skewMs: expect.any(Number),
  });
  expect(await listBackups(storage)).toMatchObject([{ id, valid: true, trusted: false }]);
  const evidence = await verifyBackup({
    storage,
    id,
    level: "contents",
    identities: [keys.identity],
  });
  expect(evidence).toMatchObject({ ok: true, checked: { rows: 223, documents: 221 } });
  const report = await restoreBackup({
    storage,
    id,
    postgres: world.target,
    firestore: world.firestoreTarget,
    identities: [keys.identity],
    ramp: false,
  });
  expect(report).toMatchObject({
    postgres: { tables: 3, rows: 223 },
    firestore: { documents: 221 },
  });
  expect(await contentOf(world.target)).toEqual(await contentOf(postgres));
});
