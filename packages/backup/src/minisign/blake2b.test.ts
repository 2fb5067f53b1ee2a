import { createHash } from "node:crypto";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { propertyRuns } from "../../testing/keys-programs.ts";
import { blake2b } from "./blake2b.ts";

test("64 bytes of BLAKE2b are those of OpenSSL, whatever the length of the message", () => {
  for (const length of [0, 1, 127, 128, 129, 255, 256, 257, 1000]) {
    const message = Buffer.alloc(length, "ctb");
    expect(blake2b(message, 64)).toEqual(createHash("blake2b512").update(message).digest());
  }
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 600 }), (message) => {
      const expected = createHash("blake2b512").update(message).digest();
      expect(blake2b(message, 64)).toEqual(expected);
    }),
    propertyRuns,
  );
});

test("32 bytes are another hash than the first half of 64", () => {
  // `printf abc | b2sum -l 256`
  expect(blake2b(Buffer.from("abc"), 32).toString("hex")).toBe(
    "bddd813c634239723171ef3fee98579b94964e3bb1cb3e427262c8c068d52319",
  );
});
