import * as fc from "fast-check";
import { expect, test } from "vitest";
import { findCycles } from "./find-cycles.ts";
import { runBeside } from "./run-beside.ts";

test("no two pieces that lock the same run at once, all run, and those of one lock in their order", async () => {
  const work = fc.array(fc.uniqueArray(fc.constantFrom("a", "b", "c"), { maxLength: 2 }), {
    maxLength: 12,
  });
  await fc.assert(
    fc.asyncProperty(work, fc.integer({ min: 1, max: 4 }), async (locks, jobs) => {
      const held = new Set<string>();
      const done: number[] = [];
      let running = 0;
      await runBeside(
        locks.map((own, item) => ({ item, locks: own })),
        jobs,
        async (item) => {
          running += 1;
          expect(running).toBeLessThanOrEqual(jobs);
          const own = locks[item] ?? [];
          for (const lock of own) {
            expect(held.has(lock)).toBe(false);
            held.add(lock);
          }
          await new Promise(setImmediate);
          for (const lock of own) held.delete(lock);
          running -= 1;
          done.push(item);
        },
      );
      expect(done.toSorted((a, b) => a - b)).toEqual(locks.map((_, index) => index));
      for (const lock of ["a", "b", "c"] as const) {
        const order = done.filter((item) => locks[item]?.includes(lock));
        expect(order).toEqual(order.toSorted((a, b) => a - b));
      }
    }),
  );
});

test("after a failure nothing begins, and what runs is waited for", async () => {
  const begun: number[] = [];
  let ended = false;
  const work = [0, 1, 2].map((item) => ({ item, locks: [] }));
  await expect(
    runBeside(work, 2, async (item) => {
      begun.push(item);
      if (item === 0) throw new Error("no");
      await new Promise(setImmediate);
      ended = true;
    }),
  ).rejects.toThrow("no");
  expect([begun, ended]).toEqual([[0, 1], true]);
});

test("nodes are in one circle exactly when each reaches the other", () => {
  const edge = fc.tuple(fc.integer({ min: 0, max: 7 }), fc.integer({ min: 0, max: 7 }));
  fc.assert(
    fc.property(fc.array(edge, { maxLength: 20 }), (list) => {
      const edges = new Map(Array.from({ length: 8 }, (_, n) => [`${n}`, new Set<string>()]));
      for (const [from, to] of list) edges.get(`${from}`)?.add(`${to}`);
      const reaches = (from: string): Set<string> => {
        const seen = new Set(edges.get(from));
        for (const node of seen) for (const next of edges.get(node) ?? []) seen.add(next);
        return seen;
      };
      const together = [...edges.keys()].map((a) =>
        [...edges.keys()].filter((b) => a === b || (reaches(a).has(b) && reaches(b).has(a))).join(),
      );
      const expected = [...new Set(together.filter((group) => group.includes(",")))].toSorted();
      expect(
        findCycles(edges)
          .map((group) => group.join())
          .toSorted(),
      ).toEqual(expected);
    }),
  );
});
