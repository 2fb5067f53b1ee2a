import * as fc from "fast-check";
import { expect, test } from "vitest";
import { decodePageToken, encodePageToken } from "./page-token.ts";

test("a page token says where it was made for", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary", maxLength: 30 }), (after) => {
      expect(decodePageToken(encodePageToken(after))).toBe(after);
    }),
  );
});

test.each(["x", "djI6YQ", "v1:a", "\0", "dj", " ", "ü"])("%j is no page token", (token) => {
  expect(() => decodePageToken(token)).toThrow("invalid page token");
});
