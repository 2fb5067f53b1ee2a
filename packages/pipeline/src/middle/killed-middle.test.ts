import { expect, test } from "vitest";
import { memberDocuments } from "../../testing/member-documents.ts";
import { crashingMiddle } from "../../testing/middle-crash.ts";
import { middleProcess } from "../../testing/middle-process.ts";
import { middleState, middleVersions } from "../../testing/middle-state.ts";
import { openMiddleWorld, startTestFirestore } from "../../testing/middle-world.ts";
import { runTestMiddle } from "../../testing/run-test-middle.ts";

const isSlow = process.env["SLOW"] === "1";
const task = { kind: "members", batch: 40, parts: 3, leaseMs: 300 } as const;

/** So many moments, spread over all. */
function sample(all: number, wanted: number): readonly number[] {
  if (isSlow) return Array.from({ length: all }, (_, moment) => moment);
  return Array.from({ length: wanted }, (_, index) => Math.floor(((index + 0.5) * all) / wanted));
}

test("whenever a runner stops for good, the next one ends as if it had done all alone", async () => {
  await using firestore = await startTestFirestore();
  await using clean = await openMiddleWorld(firestore.address);
  const documents = memberDocuments(120, clean.keyring);
  await clean.put("member_intake", documents);
  const moments = await crashingMiddle(clean, { ...task, moment: Infinity });
  const expected = await middleState(clean);
  for (const moment of sample(moments ?? 0, 8)) {
    await using world = await openMiddleWorld(firestore.address);
    await world.put("member_intake", documents);
    await crashingMiddle(world, { ...task, moment });
    await runTestMiddle(world.stores, task);
    expect(await middleState(world), `stopped at moment ${moment}`).toEqual(expected);
    const versions = await middleVersions(world);
    await runTestMiddle(world.stores, task);
    expect(await middleVersions(world), `after moment ${moment}`).toEqual(versions);
  }
});

test("kill -9 at any moment is made good by the next runner", async () => {
  await using firestore = await startTestFirestore();
  await using clean = await openMiddleWorld(firestore.address);
  const documents = memberDocuments(120, clean.keyring);
  await clean.put("member_intake", documents);
  const moments = await middleProcess(clean, { ...task, promote: true });
  const expected = await middleState(clean);
  for (const moment of sample(moments ?? 0, 3)) {
    await using world = await openMiddleWorld(firestore.address);
    await world.put("member_intake", documents);
    expect(await middleProcess(world, { ...task, promote: true, moment })).toBeUndefined();
    await runTestMiddle(world.stores, task);
    expect(await middleState(world), `killed at moment ${moment}`).toEqual(expected);
  }
});
