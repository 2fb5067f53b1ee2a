import { expect, test } from "vitest";
import { memberDocuments } from "../../testing/member-documents.ts";
import { middleState, middleVersions } from "../../testing/middle-state.ts";
import { openMiddleWorld } from "../../testing/middle-world.ts";
import { runTestMiddle } from "../../testing/run-test-middle.ts";

test("a second run over a finished collection writes nothing at all, however it is divided", async () => {
  await using world = await openMiddleWorld();
  await world.put("member_intake", memberDocuments(300, world.keyring));
  const { counts } = await runTestMiddle(world.stores, { batch: 50, parts: 4 });
  const state = await middleState(world);
  const versions = await middleVersions(world);
  const again = await runTestMiddle(world.stores, { batch: 70, parts: 3 });
  expect(await middleState(world)).toEqual(state);
  expect(await middleVersions(world)).toEqual(versions);
  const { read, valid, invalid, inserted, updated, displaced, refused } = counts;
  expect({ read, inserted, all: valid + invalid }).toEqual({
    read: 338,
    inserted: state.rows.length,
    all: 338,
  });
  expect(again.counts).toMatchObject({
    read: 338,
    unchanged: inserted + updated - displaced,
    inserted: 0,
    updated: 0,
    adopted: 0,
    displaced: 0,
    marked: 0,
    refused,
  });
});

test("whatever the parts and batches are, the rows, marks and failures are the same", async () => {
  await using first = await openMiddleWorld();
  await using second = await openMiddleWorld(first.firestoreHost);
  await using third = await openMiddleWorld(first.firestoreHost);
  const documents = memberDocuments(300, first.keyring);
  for (const world of [first, second, third]) await world.put("member_intake", documents);
  await runTestMiddle(first.stores, { parts: 1 });
  await runTestMiddle(second.stores, { batch: 7, parts: 16 });
  await runTestMiddle(third.stores, { promote: false, batch: 33, parts: 2 });
  await runTestMiddle(third.stores, { batch: 100, parts: 2 });
  const expected = await middleState(first);
  expect(await middleState(second)).toEqual(expected);
  expect(await middleState(third)).toEqual(expected);
  expect(expected.failures.size).toBeGreaterThan(40);
});
