import type { RawFailure, RawWrite } from "@ctb-data/firestore";
import { parseRegistry } from "@ctb-data/registry";
import { expect, test } from "vitest";
import { openIntakeWorld, type IntakeWorld } from "../../testing/intake-world.ts";
import { markWriteOf, type WantedMarks } from "./mark-write.ts";

const registry = parseRegistry("tables: { things: { columns: [{ name: a, type: text }] } }", {
  file: "things.yml",
});
const open = async (): Promise<IntakeWorld> => await openIntakeWorld({ registry, table: "things" });
const a = { stringValue: "a" };

test("marks are written where they differ, beside all else, and then not again", async () => {
  await using world = await open();
  const { raw } = world.firestore;
  await world.put({ "1": { a, _own: a, validated: a, imo: a } });
  const mark = async (wanted: WantedMarks): Promise<number> => {
    const writes = [...(await world.readAll()).values()].flatMap(
      (document) => markWriteOf(raw, document, wanted) ?? [],
    );
    return (await raw.write(writes, { ramp: false })).written;
  };
  const fields = async (): Promise<unknown> =>
    JSON.parse((await world.linesOf("intake")).get("intake/1") ?? "").fields;
  const kept = { a, _own: a, imo: a };

  expect(await mark({ validated: true })).toBe(1);
  expect(await mark({ validated: true })).toBe(0);
  expect(await fields()).toEqual({ ...kept, validated: { booleanValue: true } });
  expect(await mark({ validated: true, promotedTo: "things/1" })).toBe(1);
  expect(await mark({ validated: true, promotedTo: "things/1" })).toBe(0);
  expect(await mark({ validated: true })).toBe(0);
  expect(await mark({ validated: false, promotedTo: null })).toBe(1);
  expect(await mark({ validated: false, promotedTo: null })).toBe(0);
  expect(await fields()).toEqual({ ...kept, validated: { booleanValue: false } });
});

test("a mark changes neither the content of a document nor its judgement", async () => {
  await using world = await open();
  const before = (await world.put({ "1": { a, z: a } })).get("1");
  const write = before && markWriteOf(world.firestore.raw, before, { validated: false });
  await world.firestore.raw.write(write ? [write] : [], { ramp: false });
  const after = (await world.readAll()).get("1");
  expect(after?.marks).toEqual({ validated: false });
  expect(after?.contentHash).toBe(before?.contentHash);
  expect(after?.failures).toEqual(before?.failures);
  expect(after?.updateTimeUs).toBeGreaterThan(before?.updateTimeUs ?? Infinity);
});

test("a document that was changed or deleted since it was read is not marked", async () => {
  await using world = await open();
  const { raw } = world.firestore;
  const before = await world.put({ same: { a }, changed: { a }, gone: { a } });
  await world.put({ changed: { a: { stringValue: "b" } } });
  await raw.write([{ op: "delete", path: "intake/gone" }], { ramp: false });
  const failed: RawFailure[] = [];
  const writes: RawWrite[] = [...before.values()].flatMap(
    (document) => markWriteOf(raw, document, { validated: true }) ?? [],
  );
  await raw.write(writes, { ramp: false, onFailure: (failure) => failed.push(failure) });
  expect(failed.map(({ path }) => path).toSorted()).toEqual(["intake/changed", "intake/gone"]);
  const after = await world.readAll();
  expect([...after].map(([id, { marks }]) => [id, marks.validated])).toEqual([
    ["changed", undefined],
    ["same", true],
  ]);
});
