import { describe, expect, test } from "vitest";
import type { Write } from "../protocol/messages.ts";
import type { StoredDocument } from "../store/stored-document.ts";
import { timestampOf } from "../value/timestamp.ts";
import type { Value } from "../value/value.ts";
import { checkWrite } from "./check-write.ts";
import { planWrites, type WritePlan } from "./plan-writes.ts";

const database = "projects/p/databases/d";
const now = 9_000_001;

function stored(path: string, fields: Readonly<Record<string, Value>>): StoredDocument {
  return { path, fields: new Map(Object.entries(fields)), createTime: 1000, updateTime: 2000 };
}

function update(
  path: string,
  fields: Readonly<Record<string, Value>>,
  more: Partial<Write> = {},
): Write {
  const document = {
    name: `${database}/documents/${path}`,
    fields: new Map(Object.entries(fields)),
  };
  return { update: document, updateTransforms: [], ...more };
}

function remove(path: string, more: Partial<Write> = {}): Write {
  return { delete: `${database}/documents/${path}`, updateTransforms: [], ...more };
}

function plan(documents: readonly StoredDocument[], ...writes: readonly Write[]): WritePlan {
  return planWrites(
    writes.map((write) => checkWrite(database, write)),
    {
      database,
      current: (path) => documents.find((document) => document.path === path),
      time: now,
      requestTime: now,
    },
  );
}

describe("a plan of writes", () => {
  test("changes each document once, to what it is after all of its writes", () => {
    const { changes, results } = plan(
      [stored("a/1", { n: 1n })],
      update("a/1", { n: 2n }),
      update("a/2", { n: 1n }),
      update("a/1", { m: 3n }, { updateMask: { fieldPaths: ["m"] } }),
    );
    expect(changes).toEqual([
      {
        path: "a/1",
        document: {
          path: "a/1",
          fields: new Map([
            ["n", 2n],
            ["m", 3n],
          ]),
          createTime: 1000,
          updateTime: now,
        },
      },
      {
        path: "a/2",
        document: { path: "a/2", fields: new Map([["n", 1n]]), createTime: now, updateTime: now },
      },
    ]);
    expect(results.map(({ updateTime }) => updateTime)).toEqual([
      timestampOf(now),
      timestampOf(now),
      timestampOf(now),
    ]);
  });

  test("is empty for what is as it was, there and back again too, and tells the old time", () => {
    const documents = [stored("a/1", { n: 1n })];
    const same = plan(documents, update("a/1", { n: 1n }));
    expect([same.changes, same.results[0]?.updateTime]).toEqual([[], timestampOf(2000)]);
    const back = plan(documents, update("a/1", { n: 2n }), update("a/1", { n: 1n }));
    expect(back.changes).toEqual([]);
    expect(plan([], remove("a/1")).changes).toEqual([]);
    expect(plan([], update("a/1", {}), remove("a/1")).changes).toEqual([]);
  });

  test("does not take an int64 and a double for the same", () => {
    expect(plan([stored("a/1", { n: 1n })], update("a/1", { n: 1 })).changes.length).toBe(1);
  });

  test("leaves the stored documents as they are", () => {
    const inner = new Map<string, Value>([["x", 1n]]);
    const document = stored("a/1", { m: inner });
    const mask = { updateMask: { fieldPaths: ["m.y"] } };
    plan([document], update("a/1", { m: new Map([["y", 2n]]) }, mask));
    expect(document).toEqual(stored("a/1", { m: new Map([["x", 1n]]) }));
  });

  test("deletes, and has no time to tell of it", () => {
    const { changes, results } = plan([stored("a/1", {})], remove("a/1"));
    expect(changes).toEqual([{ path: "a/1", document: undefined }]);
    expect(results).toEqual([{ transformResults: [] }]);
  });

  test.each<[string, readonly Write[], string]>([
    ["missing", [update("a/2", {}, { currentDocument: { exists: true } })], "NOT_FOUND"],
    ["there", [update("a/1", {}, { currentDocument: { exists: false } })], "ALREADY_EXISTS"],
    [
      "made in the same commit",
      [update("a/2", {}), update("a/2", {}, { currentDocument: { exists: false } })],
      "INVALID_ARGUMENT",
    ],
    [
      "of another time",
      [update("a/1", {}, { currentDocument: { updateTime: timestampOf(2001) } })],
      "FAILED_PRECONDITION",
    ],
    [
      "gone in the same commit",
      [remove("a/1"), remove("a/1", { currentDocument: { exists: true } })],
      "INVALID_ARGUMENT",
    ],
  ])("is refused for a precondition of what is %s", (_name, writes, status) => {
    expect(() => plan([stored("a/1", {})], ...writes)).toThrow(expect.objectContaining({ status }));
  });

  test("is made for a precondition of the right time", () => {
    const currentDocument = { updateTime: timestampOf(2000) };
    expect(plan([stored("a/1", {})], remove("a/1", { currentDocument })).changes.length).toBe(1);
  });

  test("is refused when a document gets too large by a transform", () => {
    const text = "x".repeat(600_000);
    const write = update(
      "a/1",
      { v: text },
      {
        updateMask: { fieldPaths: ["v"] },
        updateTransforms: [{ fieldPath: "l", appendMissingElements: ["y".repeat(600_000)] }],
      },
    );
    expect(() => plan([], write)).toThrow("exceeds the maximum allowed size of 1,048,576 bytes.");
  });
});
