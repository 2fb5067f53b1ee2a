import * as fc from "fast-check";
import { expect, test } from "vitest";
import { decodeResumeToken, encodeResumeToken } from "./resume-token.ts";

test("a token gives back the time that it was made of", () => {
  fc.assert(
    fc.property(fc.maxSafeNat(), (time) => {
      expect(decodeResumeToken(encodeResumeToken(time))).toBe(time);
    }),
  );
});

test("what is no token of this form is none, whatever its bytes", () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ maxLength: 20 }).filter((bytes) => bytes.length !== 9 || bytes[0] !== 1),
      (bytes) => {
        expect(decodeResumeToken(bytes)).toBeUndefined();
      },
    ),
  );
});

test("a token of a time beyond what numbers hold exactly is none", () => {
  const token = encodeResumeToken(0);
  token.set([0x7f, 0xff], 1);
  expect(decodeResumeToken(token)).toBeUndefined();
});
