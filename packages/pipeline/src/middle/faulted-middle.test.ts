import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openFirestore } from "@ctb-data/firestore";
import { openPostgres, schemaSql } from "@ctb-data/postgres";
import { startEmbeddedPostgres } from "@ctb-data/postgres/embedded";
import { expect, test } from "vitest";
import {
  faultStatuses,
  startFaultyFirestore,
  type FirestoreFault,
} from "../../testing/faulty-firestore.ts";
import { memberDocuments } from "../../testing/member-documents.ts";
import { middleState } from "../../testing/middle-state.ts";
import { openMiddleWorld, type MiddleWorld } from "../../testing/middle-world.ts";
import { runTestMiddle } from "../../testing/run-test-middle.ts";

/** The stores of a world, Firestore behind something that fails. */
async function behindFaults(
  world: MiddleWorld,
  faultOf: (method: string) => FirestoreFault | undefined,
): Promise<MiddleWorld["stores"] & AsyncDisposable & { readonly faults: () => number }> {
  const { registry, keyring, project, stores } = world;
  const faulty = await startFaultyFirestore(world.firestoreHost, faultOf);
  const firestore = await openFirestore({
    registry,
    keyring,
    projectId: project,
    emulatorHost: faulty.address,
  });
  return {
    ...stores,
    firestore,
    faults: () => faulty.faults,
    [Symbol.asyncDispose]: async () => {
      await firestore.close();
      await faulty[Symbol.asyncDispose]();
    },
  };
}

test("Firestore answering ABORTED, UNAVAILABLE and RESOURCE_EXHAUSTED, and losing answers, changes nothing in the end", async () => {
  await using clean = await openMiddleWorld();
  await using world = await openMiddleWorld(clean.firestoreHost);
  const documents = memberDocuments(150, clean.keyring);
  for (const one of [clean, world]) await one.put("member_intake", documents);
  await runTestMiddle(clean.stores);
  const statuses = Object.values(faultStatuses);
  let calls = 0;
  await using stores = await behindFaults(world, (method) => {
    calls += 1;
    const status = statuses[calls % 3] ?? 14;
    if (method === "BatchWrite" && calls % 4 === 0) return { status, when: "after" };
    return calls % 5 === 0 ? { status, when: "before" } : undefined;
  });
  await runTestMiddle(stores, { batch: 30, parts: 2 });
  expect(stores.faults()).toBeGreaterThan(5);
  expect(await middleState(world)).toEqual(await middleState(clean));
});

test("a Firestore that stays away fails the stage with words, and the next run goes on", async () => {
  await using clean = await openMiddleWorld();
  await using world = await openMiddleWorld(clean.firestoreHost);
  const documents = memberDocuments(60, clean.keyring);
  for (const one of [clean, world]) await one.put("member_intake", documents);
  await runTestMiddle(clean.stores);
  await using stores = await behindFaults(world, (method) =>
    method === "BatchWrite"
      ? { status: faultStatuses.RESOURCE_EXHAUSTED, when: "before" }
      : undefined,
  );
  const failing = runTestMiddle(stores, { batch: 30, parts: 2, patienceMs: 1 });
  await expect(failing).rejects.toMatchObject({
    name: "PipelineError",
    code: "FIRESTORE_FAILED",
    message: expect.stringContaining("a fault for a test"),
    hint: expect.stringContaining("Run it again"),
  });
  await runTestMiddle(world.stores);
  expect(await middleState(world)).toEqual(await middleState(clean));
});

test("sessions of PostgreSQL that are ended again and again change nothing in the end", async () => {
  await using clean = await openMiddleWorld();
  await using world = await openMiddleWorld(clean.firestoreHost);
  const documents = memberDocuments(150, clean.keyring);
  for (const one of [clean, world]) await one.put("member_intake", documents);
  await runTestMiddle(clean.stores);
  const { registry, keyring, url, stores } = world;
  await using postgres = await openPostgres({ url, registry, keyring, applicationName: "cut" });
  let ended = 0;
  const end = async (): Promise<void> => {
    const { rowCount } = await world.postgres.query(
      "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'cut'",
    );
    ended += rowCount;
  };
  await runTestMiddle(
    { ...stores, postgres },
    { batch: 20, parts: 3, onProgress: ({ kind }) => void (kind === "count" && void end()) },
  );
  expect(ended).toBeGreaterThan(5);
  expect(await middleState(world)).toEqual(await middleState(clean));
});

test("a PostgreSQL that is restarted in the middle is waited for", async () => {
  await using clean = await openMiddleWorld();
  const documents = memberDocuments(150, clean.keyring);
  await clean.put("member_intake", documents);
  await runTestMiddle(clean.stores);
  const dataDir = await mkdtemp(join(tmpdir(), "ctb-middle-"));
  await using cleanup = new AsyncDisposableStack();
  cleanup.defer(async () => await rm(dataDir, { recursive: true, force: true }));
  let server = await startEmbeddedPostgres({ dataDir, durable: false });
  cleanup.defer(async () => await server.close());
  const { url } = server;
  const { registry, keyring } = clean;
  const postgres = cleanup.use(await openPostgres({ url, registry, keyring }));
  await postgres.query(schemaSql(registry));
  await using files = await openMiddleWorld(clean.firestoreHost);
  const world = { ...files, url, postgres, stores: { ...files.stores, postgres } };
  await world.put("member_intake", documents);
  let restart: Promise<void> | undefined;
  await runTestMiddle(world.stores, {
    batch: 20,
    parts: 2,
    onProgress: ({ kind }) => {
      if (kind !== "count") return;
      restart ??= (async () => {
        await server.close();
        server = await startEmbeddedPostgres({ dataDir, durable: false });
      })();
    },
  });
  await restart;
  expect(restart).toBeDefined();
  expect(await middleState(world)).toEqual(await middleState(clean));
});
