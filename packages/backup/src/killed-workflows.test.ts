import { randomUUID } from "node:crypto";
import { openFirestore } from "@ctb-data/firestore";
import { openPostgres } from "@ctb-data/postgres";
import { createTestDatabase } from "@ctb-data/postgres/testing";
import { expect, test } from "vitest";
import {
  contentOf,
  fillWorld,
  openBackupWorld,
  worldRegistry,
  type BackupWorld,
} from "../testing/backup-world.ts";
import { stepStorage } from "../testing/step-storage.ts";
import { workflowProcess, type WorkflowRun } from "../testing/workflow-process.ts";
import { listBackups } from "./archive/list-backups.ts";
import { createBackup } from "./create/create-backup.ts";
import { digestDatabase, digestDifferences } from "./firestore/digest-documents.ts";
import { restoreBackup } from "./restore/restore-backup.ts";
import type { Storage } from "./storage/storage.ts";
import { verifyBackup } from "./verify/verify-backup.ts";

const isSlow = process.env["SLOW"] === "1";

async function backUp(world: BackupWorld, storage: Storage = world.storage): Promise<string> {
  const { postgres, firestore, keys } = world;
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

/** Whatever is listed is whole, and says what was in the stores. */
async function checkListed(world: BackupWorld): Promise<number> {
  const { storage, keys } = world;
  const listed = await listBackups(storage, { trustedKeys: [keys.publicKey] });
  for (const { id, valid } of listed) {
    expect(valid).toBe(true);
    const evidence = await verifyBackup({
      storage,
      id,
      level: "contents",
      identities: [keys.identity],
    });
    expect(evidence).toMatchObject({ ok: true, checked: { rows: 223, documents: 221 } });
  }
  return listed.length;
}

function runIn(world: BackupWorld, differing: Partial<WorkflowRun>): WorkflowRun {
  const { url, firestoreHost, project, dir, keys } = world;
  return {
    work: "create",
    url,
    firestoreHost,
    project,
    dir,
    id: "",
    ...keys,
    steps: 1e9,
    ...differing,
  };
}

test(
  "a storage that dies at any step of a create leaves nothing listed that is not whole",
  { timeout: 300_000 },
  async () => {
    await using world = await openBackupWorld();
    await fillWorld(world);
    const dead = new Error("dead");
    let listed = 0;
    for (let limit = 0, isDone = false; !isDone; limit += 1) {
      let steps = 0;
      const last: string[] = [];
      const storage = stepStorage(world.storage, async (step) => {
        steps += 1;
        last.push(step);
        if (steps > limit) throw dead;
      });
      isDone = await backUp(world, storage).then(
        () => true,
        (error: unknown) => {
          // Its own error, or that of who noticed first.
          expect(error).toBeInstanceOf(Error);
          return false;
        },
      );
      const now = (await listBackups(world.storage)).length;
      // Only a step behind the commit can fail with the backup there.
      expect(now - listed).toBeOneOf(
        last.some((step) => step.endsWith("/BACKUP.json")) ? [0, 1] : [0],
      );
      listed = now;
      if (!isSlow && !isDone) limit += 6;
    }
    expect(await checkListed(world)).toBe(listed);
  },
);

test(
  "a create that is killed by SIGKILL leaves nothing listed that is not whole, and the next one is made",
  { timeout: 300_000 },
  async () => {
    await using world = await openBackupWorld();
    await fillWorld(world);
    const total = await workflowProcess(runIn(world, {}));
    if (total === undefined) throw new Error("It was killed.");
    let listed = await checkListed(world);
    expect(listed).toBe(1);
    for (let steps = 3; steps < total; steps += isSlow ? 1 : Math.ceil(total / 6)) {
      expect(await workflowProcess(runIn(world, { steps }))).toBeUndefined();
      const now = (await listBackups(world.storage)).length;
      expect(now - listed).toBeOneOf([0, 1]);
      listed = now;
    }
    await backUp(world);
    expect(await checkListed(world)).toBe(listed + 1);
  },
);

test(
  "a restore that is killed by SIGKILL is run again and ends with what the backup holds",
  { timeout: 300_000 },
  async () => {
    await using world = await openBackupWorld();
    await fillWorld(world);
    const id = await backUp(world);
    const expected = await contentOf(world.postgres);
    const documents = await digestDatabase({ firestore: world.firestore });
    const restoreInto = async (steps: number): Promise<number | undefined> => {
      await using database = await createTestDatabase();
      const project = `target-${randomUUID().slice(0, 8)}`;
      const at = { work: "restore", id, url: database.url, project } as const;
      const total = await workflowProcess(runIn(world, { ...at, steps }));
      await using postgres = await openPostgres({ url: database.url });
      await using firestore = await openFirestore({
        registry: worldRegistry,
        projectId: project,
        emulatorHost: world.firestoreHost,
      });
      const { storage, keys } = world;
      if (total === undefined)
        await restoreBackup({
          storage,
          id,
          postgres,
          firestore,
          identities: [keys.identity],
          ramp: false,
        });
      expect(await contentOf(postgres)).toEqual(expected);
      expect(digestDifferences(documents, await digestDatabase({ firestore }))).toEqual([]);
      return total;
    };
    const total = await restoreInto(1e9);
    if (total === undefined) throw new Error("It was killed.");
    for (let steps = 5; steps < total; steps += isSlow ? 1 : Math.ceil(total / 8))
      expect(await restoreInto(steps)).toBeUndefined();
  },
);

test("of two creates at once one is refused, and a lease whose holder was killed holds nobody back", async () => {
  await using world = await openBackupWorld();
  await fillWorld(world);
  const results = await Promise.allSettled([backUp(world), backUp(world)]);
  const refused = results.filter((result) => result.status === "rejected");
  expect(refused).toMatchObject([{ reason: { code: "LOCKED" } }]);
  expect(await checkListed(world)).toBe(1);
  await workflowProcess(runIn(world, { steps: 12 }));
  await backUp(world);
  expect(await checkListed(world)).toBe(2);
});
