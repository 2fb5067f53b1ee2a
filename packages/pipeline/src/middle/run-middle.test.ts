import { expect, test } from "vitest";
import { memberDocuments } from "../../testing/member-documents.ts";
import { middleState, middleVersions } from "../../testing/middle-state.ts";
import { openMiddleWorld } from "../../testing/middle-world.ts";
import { runTestMiddle } from "../../testing/run-test-middle.ts";

test("a second run over a finished collection writes nothing at all", async () => {
  await using world = await openMiddleWorld();
  await world.put("member_intake", memberDocuments(300, world.keyring));
  const first = await runTestMiddle(world.stores, { batch: 50, parts: 4 });
  const state = await middleState(world);
  const versions = await middleVersions(world);
  const second = await runTestMiddle(world.stores, { batch: 70, parts: 3 });
  expect(first).toEqual({});
  expect(await middleState(world)).toEqual(state);
  expect(await middleVersions(world)).toEqual(versions);
  expect(second).toEqual(second);
});
