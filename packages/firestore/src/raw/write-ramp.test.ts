import { expect, test } from "vitest";
import { writesPerSecond } from "./write-ramp.ts";

test("writes begin with 500 a second, grow by half every five minutes, and never exceed the most", () => {
  const limits = { start: 500, max: 10_000 };
  const minutes = [0, 4.99, 5, 10, 15, 60, 600];
  expect(minutes.map((minute) => writesPerSecond(minute * 60_000, limits))).toEqual([
    500, 500, 750, 1125, 1687.5, 10_000, 10_000,
  ]);
});
