import { expect, test } from "vitest";
import { databaseFacts, type DatabaseFacts } from "../../testing/fix-facts.ts";
import { fixProcess } from "../../testing/fix-process.ts";
import { shopRegistry, shopSql, shopTargets } from "../../testing/fix-shop.ts";
import { fixWorld, type FixWorld } from "../../testing/fix-world.ts";
import { listFixRuns } from "./fix-runs.ts";

/** With SLOW=1 hours of a busy machine. */
const timeout = process.env["SLOW"] === "1" ? 10_800_000 : 120_000;

/** Everywhere with SLOW=1; a few else, spread over the whole, and no two at the same places of their statements. */
function sampled(moments: number): readonly number[] {
  if (process.env["SLOW"] === "1") return Array.from({ length: moments }, (_, index) => index);
  return [0.31, 0.62, 0.95].map((part) => Math.floor(part * moments));
}

/** Every row that there was is in its table or in the quarantine, by its key. */
async function expectNothingLost(w: FixWorld): Promise<void> {
  const lost = await w.sql(`SELECT * FROM (
      SELECT 'orders' AS place, jsonb_build_object('id', n::text) AS key FROM generate_series(1, 40) n
      UNION ALL SELECT 'customers', jsonb_build_object('id', n::text) FROM generate_series(1, 10) n
      UNION ALL SELECT 'hints', jsonb_build_object('id', n::text) FROM generate_series(1, 40) n
      UNION ALL SELECT 'items', jsonb_build_object('order_id', o::text, 'nr', n::text) FROM generate_series(1, 40) o, generate_series(1, 2) n) w
    WHERE (place, key) NOT IN (SELECT 'orders', jsonb_build_object('id', id::text) FROM orders UNION ALL SELECT 'customers', jsonb_build_object('id', id::text) FROM customers
      UNION ALL SELECT 'hints', jsonb_build_object('id', id::text) FROM hints UNION ALL SELECT 'items', jsonb_build_object('order_id', order_id::text, 'nr', nr::text) FROM items
      UNION ALL SELECT replace(place, 'public.', ''), key FROM ctb_data.quarantine WHERE restored_at IS NULL)`);
  expect(lost).toEqual([]);
}

async function undoAll(w: FixWorld): Promise<void> {
  for (const { id } of await listFixRuns(w.postgres))
    expect(await w.undo(id)).toMatchObject({ conflicts: [], notes: [] });
}

async function expectAsBefore(w: FixWorld, before: DatabaseFacts): Promise<void> {
  expect(await databaseFacts(w.postgres)).toEqual(before);
}

test(
  "a fix that is killed at any moment loses no row, a second one does the rest, and undo restores the bytes",
  { timeout },
  async () => {
    await using w = await fixWorld(shopSql, { registry: shopRegistry });
    const before = await databaseFacts(w.postgres);
    const moments = await fixProcess({ work: "fix", url: w.url, run: "", moment: -1 });
    const after = await databaseFacts(w.postgres);
    expect(after).not.toEqual(before);
    await undoAll(w);
    await expectAsBefore(w, before);
    for (const moment of sampled(moments ?? 0)) {
      await w.sql("DROP SCHEMA ctb_data CASCADE; CREATE SCHEMA ctb_data");
      expect(await fixProcess({ work: "fix", url: w.url, run: "", moment })).toBeUndefined();
      // Whatever the server still does with the last statement, the next fix waits for it.
      const { steps } = await w.fix(shopTargets);
      expect(steps.map(({ state }) => state)).toEqual(["done", "done", "done"]);
      await expectNothingLost(w);
      expect(await databaseFacts(w.postgres)).toEqual(after);
      const runs = await listFixRuns(w.postgres);
      expect(runs.map(({ state }) => state)).toEqual([
        "done",
        ...runs.slice(1).map(() => expect.stringMatching(/^(interrupted|done)$/)),
      ]);
      await undoAll(w);
      await expectAsBefore(w, before);
    }
  },
);

test(
  "an undo that is killed at any moment loses no row, and a second one does the rest",
  { timeout },
  async () => {
    await using w = await fixWorld(shopSql, { registry: shopRegistry });
    const before = await databaseFacts(w.postgres);
    const first = await w.fix(shopTargets);
    const moments = await fixProcess({ work: "undo", url: w.url, run: first.run, moment: -1 });
    await expectAsBefore(w, before);
    for (const moment of sampled(moments ?? 0)) {
      const { run } = await w.fix(shopTargets);
      expect(await fixProcess({ work: "undo", url: w.url, run, moment })).toBeUndefined();
      await expectNothingLost(w);
      expect(await w.undo(run)).toMatchObject({ conflicts: [], notes: [] });
      await expectNothingLost(w);
      await expectAsBefore(w, before);
      expect(await listFixRuns(w.postgres)).toContainEqual(
        expect.objectContaining({ id: run, state: "undone", kept: 0 }),
      );
    }
  },
);
