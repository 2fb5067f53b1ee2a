import { setImmediate, setTimeout } from "node:timers/promises";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { arbitraryScript, LockActor } from "../../testing/lock-actor.ts";
import { LockQueue } from "./lock-queue.ts";

test("whatever is asked for in whatever order, no lock is broken and nobody waits for ever", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(arbitraryScript, { minLength: 2, maxLength: 8 }),
      fc.infiniteStream(fc.nat()),
      async (scripts, choices) => {
        const queue = new LockQueue({ lockMs: 60_000, patienceMs: 1, courtesyMs: 0 });
        const actors: LockActor[] = [];
        for (const [age, script] of scripts.entries()) {
          actors.push(new LockActor(script, { age, queue, others: actors }));
        }
        for (let idle = 0; idle < 50 && actors.some(({ done }) => !done);) {
          const ready = actors.filter(({ busy, done }) => !busy && !done);
          const next = ready[choices.next().value % Math.max(1, ready.length)];
          idle = next ? 0 : idle + 1;
          next?.turn();
          await (next ? setImmediate() : setTimeout(1));
        }
        expect(actors.flatMap(({ broken }) => broken)).toEqual([]);
        expect(actors.map(({ done }) => done)).toEqual(actors.map(() => true));
      },
    ),
    { numRuns: process.env["SLOW"] === "1" ? 2000 : 200 },
  );
});
