import { neutralDocumentTypes } from "@ctb-data/models";
import { expect, test } from "vitest";
import { sizeOf } from "./document-size.ts";

test("the size of a document is about that of its request", () => {
  expect(sizeOf({ text: "x".repeat(1000) })).toBeGreaterThanOrEqual(1000);
  expect(sizeOf({ text: "ü".repeat(1000) })).toBeGreaterThanOrEqual(2000);
  expect(sizeOf({ raw: new Uint8Array(5000) })).toBeGreaterThanOrEqual(5000);
  expect(sizeOf({ list: Array.from({ length: 100 }, () => 1) })).toBeGreaterThanOrEqual(1000);
  expect(
    sizeOf({ v: neutralDocumentTypes.vector(Array.from({ length: 500 }, () => 1)) }),
  ).toBeGreaterThan(4500);
  expect(
    sizeOf({ a: null, b: true, c: 1n, d: undefined, e: neutralDocumentTypes.timestamp(1, 0) }),
  ).toBeLessThan(200);
});
