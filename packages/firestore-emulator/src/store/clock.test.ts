import * as fc from "fast-check";
import { expect, test } from "vitest";
import { Clock } from "./clock.ts";

test("no commit gets a time that was given before, however the system's clock goes", () => {
  const steps = fc.array(
    fc.tuple(fc.constantFrom("read", "commit", "advance"), fc.integer({ min: 0, max: 1000 })),
    { minLength: 1, maxLength: 50 },
  );
  fc.assert(
    fc.property(steps, (actions) => {
      let now = 0;
      const clock = new Clock(() => now);
      let last = 0;
      for (const [action, time] of actions) {
        now = time;
        if (action === "advance") clock.advanceTo(time);
        const given = action === "commit" ? clock.commitTime() : clock.readTime();
        expect(given).toBeGreaterThanOrEqual(action === "commit" ? last + 1 : last);
        expect(given).toBeGreaterThanOrEqual(time);
        last = given;
      }
    }),
  );
});

test("it is the time of the day, in whole microseconds", () => {
  const before = (Date.now() - 5) * 1000;
  const time = new Clock().readTime();
  expect(time).toBeGreaterThanOrEqual(before);
  expect(time).toBeLessThanOrEqual((Date.now() + 5) * 1000);
  expect(Number.isInteger(time)).toBe(true);
});
