import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { backoffMs, pause } from "./backoff.ts";

describe("the pause between tries", () => {
  test("is random below a ceiling that doubles, and never longer than the longest", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 2000 }), (attempt) => {
        const ms = backoffMs(attempt, { baseMs: 20, maxMs: 1000 });
        expect(ms).toBeGreaterThanOrEqual(0);
        expect(ms).toBeLessThanOrEqual(Math.min(1000, 20 * 2 ** (attempt - 1)));
      }),
    );
    const many = Array.from({ length: 200 }, () => backoffMs(6, { baseMs: 20, maxMs: 1000 }));
    expect(new Set(many).size).toBeGreaterThan(50);
  });

  test("ends with its signal, and its reason", async () => {
    const reason = new Error("mine");
    await expect(pause(60_000, AbortSignal.abort(reason))).rejects.toBe(reason);
    await expect(pause(0)).resolves.toBeUndefined();
  });
});
