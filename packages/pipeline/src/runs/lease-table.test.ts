import {
  array,
  assert,
  asyncProperty,
  constantFrom,
  nat,
  record,
  type Arbitrary,
} from "fast-check";
import { expect, test } from "vitest";
import { LeaseStory, type LeaseEvent } from "../../testing/lease-story.ts";
import { runWorld } from "../../testing/run-world.ts";
import type { SharedWork } from "./work.ts";

const numRuns = process.env["SLOW"] === "1" ? 100 : 10;
const parts = 3;
const runners = 3;

const event: Arbitrary<LeaseEvent> = record({
  do: constantFrom("claim", "claim", "report", "finish", "give back", "expire"),
  runner: nat({ max: runners - 1 }),
  part: nat({ max: parts - 1 }),
});

test(
  "whatever runners do in whatever order, a part has one holder, and only what its holder does is written",
  { timeout: 600_000 },
  async () => {
    await using w = await runWorld();
    await w.sql("CREATE TABLE effects (run integer, part integer)");
    await assert(
      asyncProperty(array(event, { minLength: 5, maxLength: 60 }), async (events) => {
        await using opened = new AsyncDisposableStack();
        const works: SharedWork[] = [];
        for (let runner = 0; runner < runners; runner += 1) {
          const run = opened.use(await w.open({ steps: ["promote"], leaseMs: 3_600_000 }));
          await run.begin("middle");
          const work = run.work("middle", "promote");
          await work.plan(async () => Array.from({ length: parts }, () => undefined));
          works.push(work);
        }
        const story = new LeaseStory(w, works, parts);
        for (const one of events) await story.play(one);
        await story.end();
        expect(story.seen).toEqual(story.expected);
        await w.sql("UPDATE imo_processes SET status = 'complete'");
      }),
      { numRuns },
    );
  },
);
