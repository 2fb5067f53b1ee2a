import { describe, expect, test } from "vitest";
import { GeoPoint } from "../value/geo-point.ts";
import { Reference } from "../value/reference.ts";
import { Timestamp } from "../value/timestamp.ts";
import type { Value } from "../value/value.ts";
import { documentSizeBytes, valueSizeBytes } from "./document-size.ts";

// https://firebase.google.com/docs/firestore/storage-size
describe("the size of a document", () => {
  test("is that of the documentation's example", () => {
    const fields = new Map<string, Value>([
      ["type", "Personal"],
      ["done", false],
      ["priority", 1n],
      ["description", "Learn Cloud Firestore"],
    ]);
    expect(documentSizeBytes("users/jeff/tasks/my_task_id", fields)).toBe(147);
  });

  test.each<[Value, number]>([
    [null, 1],
    [true, 1],
    [1n, 8],
    [1.5, 8],
    [new Timestamp(1, 0), 8],
    [new GeoPoint(1, 2), 16],
    ["", 1],
    ["é", 3],
    [new Uint8Array(5), 5],
    [["a", 1n], 10],
    [new Map<string, Value>([["ab", 1n]]), 11],
    [new Reference("projects/p/databases/d/documents/users/jeff"), 16 + 6 + 5],
  ])("has for %o %i bytes", (value, bytes) => {
    expect(valueSizeBytes(value)).toBe(bytes);
  });
});
