import { expect, test } from "vitest";
import { memberDocuments, type DocumentFields } from "../../testing/member-documents.ts";
import { crashingMiddle } from "../../testing/middle-crash.ts";
import { middleProcess } from "../../testing/middle-process.ts";
import { middleState, type MiddleState } from "../../testing/middle-state.ts";
import { openMiddleWorld, startTestFirestore } from "../../testing/middle-world.ts";
import { runTestMiddle } from "../../testing/run-test-middle.ts";

const isSlow = process.env["SLOW"] === "1";
const task = { kind: "members", batch: 20, parts: 3, leaseMs: 300 } as const;
const timeout = isSlow ? 3_600_000 : 60_000;

/** So many moments, spread over all. */
function sample(all: number, wanted: number): readonly number[] {
  if (isSlow) return Array.from({ length: all }, (_, moment) => moment);
  return Array.from({ length: wanted }, (_, index) => Math.floor(((index + 0.5) * all) / wanted));
}

/** What one runner makes of documents, and at how many moments. */
async function cleanRun(firestoreHost: string): Promise<{
  readonly documents: readonly DocumentFields[];
  readonly moments: number;
  readonly expected: MiddleState;
}> {
  await using world = await openMiddleWorld(firestoreHost);
  const documents = memberDocuments(120, world.keyring);
  await world.put("member_intake", documents);
  const moments = await crashingMiddle(world, task, () => "goes on");
  return { documents, moments: moments ?? 0, expected: await middleState(world) };
}

test(
  "whenever a runner ends for good, the next one ends as if it had done all alone",
  { timeout },
  async () => {
    await using firestore = await startTestFirestore();
    const { documents, moments, expected } = await cleanRun(firestore.address);
    for (const moment of sample(moments, 6)) {
      await using world = await openMiddleWorld(firestore.address);
      await world.put("member_intake", documents);
      await crashingMiddle(world, task, (now) => (now === moment ? "ends" : "goes on"));
      await runTestMiddle(world.stores, task);
      expect(await middleState(world), `ended at moment ${moment} of ${moments}`).toEqual(expected);
    }
  },
);

test("what is written down as done is marked: a runner that ends while it marks leaves nothing behind", async () => {
  await using firestore = await startTestFirestore();
  const { documents, expected } = await cleanRun(firestore.address);
  await using world = await openMiddleWorld(firestore.address);
  await world.put("member_intake", documents);
  let isMarking = false;
  const ended = await crashingMiddle(world, { ...task, parts: 1 }, (_, name) => {
    // The next batch is committed while the marks of this one are on their way.
    if (isMarking && name === "behind COMMIT") return "ends";
    isMarking ||= name === "before writes";
    return name === "before writes" ? "hangs" : "goes on";
  });
  expect(ended).toBeUndefined();
  const { rows } = await world.postgres.query("SELECT count(*)::int AS rows FROM members");
  expect(rows).not.toEqual([{ rows: 0 }]);
  await runTestMiddle(world.stores, task);
  expect(await middleState(world)).toEqual(expected);
});

test("a runner that ends when nothing waits any more, and has not said so, keeps the run from no end", async () => {
  await using firestore = await startTestFirestore();
  const { documents, expected } = await cleanRun(firestore.address);
  await using world = await openMiddleWorld(firestore.address);
  await world.put("member_intake", documents);
  const waiting = async (): Promise<number> => {
    const { rows } = await world.postgres.query<{ readonly count: number }>(
      "SELECT count(*)::int FROM ctb_data.imo_waiting",
    );
    return rows[0]?.count ?? 0;
  };
  let hasWaited = false;
  const ended = await crashingMiddle(world, task, async (_, name) => {
    if (name !== "behind COMMIT") return "goes on";
    const count = await waiting().catch(() => 0);
    if (hasWaited && count === 0) return "ends";
    hasWaited ||= count > 0;
    return "goes on";
  });
  expect(ended).toBeUndefined();
  await runTestMiddle(world.stores, task);
  expect(await middleState(world)).toEqual(expected);
  const { rows } = await world.postgres.query("SELECT status FROM imo_processes");
  expect(rows).toEqual([{ status: "complete" }]);
});

test("kill -9 at any moment is made good by the next runner", { timeout }, async () => {
  await using firestore = await startTestFirestore();
  const { documents, moments, expected } = await cleanRun(firestore.address);
  for (const moment of sample(moments, 2)) {
    await using world = await openMiddleWorld(firestore.address);
    await world.put("member_intake", documents);
    expect(await middleProcess(world, { ...task, promote: true, moment })).toBeUndefined();
    await runTestMiddle(world.stores, task);
    expect(await middleState(world), `killed at moment ${moment}`).toEqual(expected);
  }
});
