import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { openPostgres } from "@ctb-data/postgres";
import { startEmbeddedPostgres } from "@ctb-data/postgres/embedded";
import { expect, test } from "vitest";
import { allArrived, effectsOf, effectTables, onceEach } from "../../testing/run-effects.ts";
import { runWorld, type RunWorld } from "../../testing/run-world.ts";
import { openRun } from "./open-run.ts";
import type { RunRecord } from "./run-record.ts";

/** A runner with a pool of its own, from the beginning to the end. */
async function runner(w: RunWorld, parts: number, rows: number): Promise<RunRecord> {
  await using postgres = await openPostgres({ url: w.url, registry: w.registry });
  const stores = { postgres, registry: w.registry };
  await using run = await openRun(stores, {
    blueprint: w.blueprint,
    steps: ["promote"],
    leaseMs: 2000,
  });
  await allArrived(postgres, 2);
  if ((await run.begin("middle")) === "begun") {
    const work = run.work("middle", "promote");
    await work.plan(async () => Array.from({ length: parts }, () => undefined));
    await work.each(async (lease) => {
      for (let row = Number(lease.position ?? 0) + 1; row <= rows; row += 1) {
        await postgres.transaction(async (tx) => {
          await tx.query("INSERT INTO effects VALUES ($1, $2)", [lease.part.part, row]);
          await lease.report(tx, { position: String(row), counts: { inserted: 1 } });
        });
        await sleep(5);
      }
      await lease.finish();
    });
    await run.end("middle");
  }
  return await run.endRun();
}

test(
  "a PostgreSQL that is restarted under its runners delays them, and no part is lost or done twice",
  { timeout: 120_000 },
  async () => {
    const folder = mkdtempSync(join(tmpdir(), "ctb-data-restart-"));
    try {
      await using server = await startEmbeddedPostgres({ dataDir: folder });
      const { url, port } = server;
      await using w = await runWorld({ url });
      await w.sql(effectTables);
      const runners = Promise.all([runner(w, 10, 8), runner(w, 10, 8)]);
      await expect.poll(async () => (await w.sql("SELECT FROM effects")).length).toBeGreaterThan(8);
      await server.close();
      await using again = await startEmbeddedPostgres({ dataDir: folder, port });
      expect(again.url).toBe(url);
      for (const record of await runners)
        expect(record.middle).toMatchObject({ state: "done", counts: { inserted: 80 } });
      expect(await effectsOf(w)).toEqual(onceEach(10, 8));
      await w[Symbol.asyncDispose]();
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  },
);
