import { describe, expect, test } from "vitest";
import { DocumentEntry } from "./document-entry.ts";
import type { StoredDocument } from "./stored-document.ts";

const version = (time: number): StoredDocument => ({
  path: "a/b",
  fields: new Map([["time", BigInt(time)]]),
  createTime: 10,
  updateTime: time,
});

function entryOf(...times: readonly (number | `-${number}`)[]): DocumentEntry {
  const entry = new DocumentEntry("a/b");
  for (const time of times) {
    const isDeletion = typeof time === "string";
    const at = isDeletion ? Number(time.slice(1)) : time;
    entry.add({ time: at, document: isDeletion ? undefined : version(at) });
  }
  return entry;
}

describe("the place of a document", () => {
  test("has what was there at each time, from the time of a commit on", () => {
    const entry = entryOf(10, 20, "-30", 40);
    const at = [9, 10, 19, 20, 29, 30, 39, 40, 41].map((time) => entry.at(time)?.updateTime);
    expect(at).toEqual([undefined, 10, 10, 20, 20, undefined, undefined, 40, 40]);
    expect(entry.current?.updateTime).toBe(40);
  });

  test("forgets only what nobody may read any more", () => {
    const entry = entryOf(10, 20, 30);
    expect(entry.forget(25)).toBe(false);
    expect(entry.versions.map(({ time }) => time)).toEqual([20, 30]);
    expect(entry.at(25)?.updateTime).toBe(20);
    entry.forget(30);
    expect(entry.versions.map(({ time }) => time)).toEqual([30]);
  });

  test("keeps the present, however old it is", () => {
    const entry = entryOf(10);
    expect(entry.forget(1_000_000)).toBe(false);
    expect(entry.current?.updateTime).toBe(10);
  });

  test("is empty once a deletion is old", () => {
    const entry = entryOf(10, "-20");
    expect(entry.forget(19)).toBe(false);
    expect(entry.at(19)?.updateTime).toBe(10);
    expect(entry.forget(20)).toBe(true);
    expect(entry.current).toBeUndefined();
  });

  test("is not empty when it was made again after an old deletion", () => {
    const entry = entryOf(10, "-20", 30);
    expect(entry.forget(25)).toBe(false);
    expect(entry.at(25)).toBeUndefined();
    expect(entry.at(30)?.updateTime).toBe(30);
  });
});
