import { randomUUID } from "node:crypto";
import { openPostgres, type Postgres } from "@ctb-data/postgres";
import { createTestDatabase, startTcpProxy } from "@ctb-data/postgres/testing";
import { array, assert, asyncProperty, constantFrom, nat, record as anyRecord } from "fast-check";
import { beforeAll, expect, test } from "vitest";
import {
  contentOf,
  fillWorld,
  openBackupWorld,
  type BackupWorld,
} from "../../testing/backup-world.ts";
import { propertyRuns } from "../../testing/keys-programs.ts";
import type { S3Fault, S3FaultKind, S3Operation } from "../../testing/s3-server-faults.ts";
import { s3Place, type S3Place } from "../../testing/storage-places.ts";
import { listBackups } from "../archive/list-backups.ts";
import { BackupError } from "../backup-error.ts";
import { restoreBackup } from "../restore/restore-backup.ts";
import type { Storage } from "../storage/storage.ts";
import { createBackup } from "./create-backup.ts";
import type { CreateBackupOptions } from "./create-options.ts";

let world: BackupWorld;

beforeAll(async () => {
  world = await openBackupWorld();
  await fillWorld(world);
  return async () => await world[Symbol.asyncDispose]();
});

function optionsOn(storage: Storage): CreateBackupOptions {
  const { postgres, firestore, keys } = world;
  return {
    storage,
    postgres,
    firestore,
    source: randomUUID(),
    encryption: { kind: "age", recipients: [keys.recipient] },
    signingKey: keys.signingKey,
    splitBytes: 65_536,
  };
}

/** The id, or the code of the error: nothing else may come out. */
async function outcomeOf(work: Promise<{ readonly id: string }>): Promise<string> {
  try {
    return (await work).id;
  } catch (error) {
    if (error instanceof BackupError) return error.code;
    throw error;
  }
}

/** A clock that is so many hours ahead. */
function at(hours: number): () => Date {
  return () => new Date(Date.now() + hours * 3_600_000);
}

/** Every listed backup restores to what is in the source. */
async function restoreAll(storage: Storage): Promise<number> {
  const listed = await listBackups(storage, { trustedKeys: [world.keys.publicKey] });
  for (const { id, valid } of listed) {
    expect(valid).toBe(true);
    await expectRestored(storage, id, world.postgres);
  }
  return listed.length;
}

async function expectRestored(storage: Storage, id: string, source: Postgres): Promise<void> {
  await using database = await createTestDatabase();
  await using postgres = await openPostgres({ url: database.url });
  await restoreBackup({ storage, id, postgres, identities: [world.keys.identity] });
  expect(await contentOf(postgres)).toEqual(await contentOf(source));
}

const operations: readonly S3Operation[] = [
  "CompleteMultipartUpload",
  "CreateMultipartUpload",
  "GetObject",
  "HeadObject",
  "ListObjectsV2",
  "PutObject",
  "UploadPart",
];
const kinds: readonly S3FaultKind[] = [
  "reset-before",
  "reset-during",
  "lost-reply",
  "half-body",
  "internal-error",
  "slow-down",
  "late-error",
  "flip-in",
  "flip-out",
  "denied",
  "quota",
];

test(
  "whatever a bucket does wrong and when: a backup is whole, or it is not listed",
  { timeout: 300_000 },
  async () => {
    const fault = anyRecord({
      operation: constantFrom(...operations),
      kind: constantFrom(...kinds),
      after: nat(12),
      times: constantFrom(1, 2, 1000),
    });
    await assert(
      asyncProperty(array(fault, { minLength: 1, maxLength: 3 }), async (faults: S3Fault[]) => {
        await using place: S3Place = await s3Place();
        const storage = await place.open({ tries: 3 });
        for (const each of faults) place.server.fail(each);
        const outcome = await outcomeOf(createBackup(optionsOn(storage)));
        place.server.clearFaults();
        const listed = await restoreAll(place.storage);
        // Only a reply that never came leaves a backup that was not told of.
        expect(listed).toBeOneOf(/^\d{4}-/u.test(outcome) ? [1] : [0, 1]);
        expect(outcome).toMatch(/^(?:\d{4}-.*|[A-Z_]+)$/u);
      }),
      { numRuns: propertyRuns.numRuns },
    );
  },
);

test("in a bucket without conditional writes a backup is made all the same, and says so: its name is nobody else's", async () => {
  await using place = await s3Place({ ignoreIfNoneMatch: true, ignoreIfMatch: true });
  const { storage } = place;
  const { record } = await createBackup(optionsOn(storage));
  expect(record.warnings).toEqual([expect.stringContaining("no conditional writes")]);
  expect(await restoreAll(storage)).toBe(1);
});

test("a PostgreSQL server that goes away in the middle leaves nothing listed", async () => {
  for (const text of ["pg_export_snapshot", "COPY ", "last_value", "pg_get_constraintdef"]) {
    for (const when of ["before", "after"] as const) {
      await using proxy = await startTcpProxy(world.url);
      await using postgres = await openPostgres({ url: proxy.url, connectRetries: 0 });
      await using place = await s3Place();
      proxy.cutAt(text, when);
      const work = createBackup({ ...optionsOn(place.storage), postgres });
      await expect(work).rejects.toMatchObject({ code: "DATABASE_FAILED" });
      expect(await listBackups(place.storage)).toEqual([]);
    }
  }
});

test("a Firestore that is not there stops the rows as well, and the cause is what is told", async () => {
  await using other = await openBackupWorld();
  await fillWorld(other);
  const { postgres, firestore, storage } = other;
  await firestore.close();
  await expect(createBackup({ ...optionsOn(storage), postgres, firestore })).rejects.toMatchObject({
    code: "FIRESTORE_FAILED",
  });
  expect(await listBackups(storage)).toEqual([]);
  // No lock is left on any table.
  await postgres.query("TRUNCATE orders");
});

test("tables that are made during the run are named in a warning; altered ones end it", async () => {
  await using other = await openBackupWorld();
  await fillWorld(other);
  const { postgres, storage } = other;
  let made = false;
  const { record } = await createBackup({
    ...optionsOn(storage),
    postgres,
    firestore: undefined,
    onProgress: (progress) => {
      if (made || progress.kind !== "count") return;
      made = true;
      void postgres.query("CREATE TABLE late (id int)");
    },
  });
  expect(record.warnings).toEqual([expect.stringContaining("late")]);
  let replaced: Promise<unknown> | undefined;
  await postgres.query("CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1'");
  const work = createBackup({
    ...optionsOn(storage),
    postgres,
    firestore: undefined,
    onProgress: (progress) => {
      if (replaced !== undefined || progress.kind !== "count") return;
      replaced = postgres.query(
        "CREATE OR REPLACE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 2'",
      );
    },
  });
  await expect(work).rejects.toMatchObject({ code: "SCHEMA_CHANGED" });
});

test("a clock that went back a day makes a backup all the same, with a warning, and one that goes ahead does no harm", async () => {
  await using place = await s3Place();
  const { storage } = place;
  const options = { ...optionsOn(storage), firestore: undefined };
  const first = await createBackup({ ...options, now: at(0) });
  const ahead = await createBackup({ ...options, now: at(24) });
  const back = await createBackup({ ...options, now: at(0) });
  expect(back.record.warnings).toEqual([expect.stringContaining("one of the two clocks is wrong")]);
  expect((await listBackups(storage)).map(({ id }) => id).toSorted()).toEqual(
    [first.id, ahead.id, back.id].toSorted(),
  );
  expect(await restoreAll(storage)).toBe(3);
});

test("neither clear text by accident nor a backup that nobody signed", async () => {
  const { storage } = world;
  const options = optionsOn(storage);
  for (const [change, code] of [
    [{ encryption: undefined }, "NO_RECIPIENT"],
    [{ encryption: { kind: "age", recipients: [] } }, "NO_RECIPIENT"],
    [{ encryption: { kind: "age", recipients: [world.keys.identity] } }, "INVALID_KEY"],
    [{ signingKey: undefined }, "NO_SIGNING_KEY"],
    [{ signingKey: world.keys.publicKey }, "INVALID_KEY"],
    [{ postgres: undefined, firestore: undefined }, "INVALID_OPTIONS"],
  ] as const) {
    const error = await createBackup({ ...options, ...change }).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code });
    expect(JSON.stringify(error)).not.toContain("AGE-SECRET-KEY");
    expect(String(error)).not.toContain("AGE-SECRET-KEY");
  }
  expect(await listBackups(storage, { source: options.source ?? "" })).toEqual([]);
});
