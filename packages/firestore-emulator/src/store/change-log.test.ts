import { expect, test } from "vitest";
import { ChangeLog } from "./change-log.ts";

function changesOf(...paths: readonly string[]) {
  return paths.map((path) => ({ path, before: undefined, document: undefined }));
}

test("it tells what changed after a time, and not at it", () => {
  const log = new ChangeLog(5);
  log.add({ time: 10, changes: changesOf("c/1", "c/2") });
  log.add({ time: 20, changes: changesOf("c/3", "c/1") });
  expect(log.since(5)).toEqual(new Set(["c/1", "c/2", "c/3"]));
  expect(log.since(10)).toEqual(new Set(["c/1", "c/3"]));
  expect(log.since(20)).toEqual(new Set());
});

test("it does not tell what it was not told of", () => {
  expect(new ChangeLog(5).since(4)).toBeUndefined();
});

test("it forgets what is long ago, and says so", () => {
  const log = new ChangeLog(0);
  for (let time = 1; time <= 100_000; time += 1) log.add({ time, changes: changesOf(`c/${time}`) });
  expect(log.since(1)).toBeUndefined();
  expect(log.since(99_998)).toEqual(new Set(["c/99999", "c/100000"]));
  const oldest = [60_000, 70_000, 80_000].find((time) => log.since(time));
  expect(log.since(oldest ?? 0)?.size).toBe(100_000 - (oldest ?? 0));
});
