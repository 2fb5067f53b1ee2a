import * as fc from "fast-check";
import { expect, test } from "vitest";
import { microsOf, Timestamp, timestampOf, truncateToMicros } from "./timestamp.ts";

const micros = fc.integer({ min: -(2 ** 53) + 1, max: 2 ** 53 - 1 });

test("microseconds become a moment and are the same again", () => {
  fc.assert(
    fc.property(micros, (time) => {
      const moment = timestampOf(time);
      expect(microsOf(moment)).toBe(time);
      expect(moment.nanos).toBeGreaterThanOrEqual(0);
      expect(moment.nanos).toBeLessThan(1_000_000_000);
    }),
  );
});

test("a moment before 1970 counts its nanoseconds forwards", () => {
  expect(timestampOf(-1)).toEqual(new Timestamp(-1, 999_999_000));
});

test("what is finer than a microsecond is cut off, not rounded", () => {
  expect(truncateToMicros(new Timestamp(-5, 999_999_999))).toEqual(new Timestamp(-5, 999_999_000));
  expect(truncateToMicros(new Timestamp(5, 1999))).toEqual(new Timestamp(5, 1000));
});
