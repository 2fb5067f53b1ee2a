import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { schemaSql } from "@ctb-data/postgres";
import { startEmbeddedPostgres } from "@ctb-data/postgres/embedded";
import { startTcpProxy } from "@ctb-data/postgres/testing";
import { expect, test } from "vitest";
import { killableProcess } from "../../testing/killable-process.ts";
import { crowd, crowdSql, crowdYaml } from "../../testing/promote-crowd.ts";
import {
  documentsOf,
  promoteWorld,
  promoteWorldAt,
  type PromoteWorld,
} from "../../testing/promote-world.ts";
import { ensurePromotionTables } from "./promotion-tables.ts";
import type { Promoter } from "./promotion.ts";

const fence = async (): Promise<void> => {};
const slow = process.env["SLOW"] === "1";

/** Everything once, in one batch: what every fault must come to in the end. */
async function cleanRows(): Promise<readonly object[]> {
  await using w = await promoteWorld(crowdYaml);
  const promoter = await w.promoter();
  await promoter.promote(crowd, { run: 1, fence });
  return await w.sql(crowdSql);
}

/** Records without a row, and rows without a record. */
async function expectWhole(w: PromoteWorld): Promise<void> {
  const lonely = await w.sql(
    "SELECT c.id, p.document_id FROM clients c FULL JOIN ctb_data.imo_promotions p ON p.row_key = c.id::text WHERE c.id IS NULL OR p.row_key IS NULL",
  );
  expect(lonely).toEqual([]);
}

async function promoteInBatches(promoter: Promoter, size = 40): Promise<void> {
  for (let from = 0; from < crowd.length; from += size)
    await promoter.promote(crowd.slice(from, from + size), { run: 1, fence });
}

/** What the program of its own has counted; undefined when it was killed. */
async function program(url: string, moment: number): Promise<number | undefined> {
  const said = await killableProcess(new URL("../../testing/promote-program.ts", import.meta.url), [
    url,
    moment,
  ]);
  return said === undefined ? undefined : Number(said);
}

test(
  "a promotion that is killed at any moment leaves no row without its record, and running again gives the rows of a clean run",
  { timeout: slow ? 3_600_000 : 120_000 },
  async () => {
    const clean = await cleanRows();
    await using w = await promoteWorld(crowdYaml);
    const moments = (await program(w.url, -1)) ?? 0;
    expect(await w.sql(crowdSql)).toEqual(clean);
    const sample = slow
      ? Array.from({ length: moments }, (_, n) => n)
      : [0.27, 0.55, 0.97].map((part) => Math.floor(part * moments));
    for (const moment of sample) {
      await w.sql("TRUNCATE clients, ctb_data.imo_promotions RESTART IDENTITY");
      expect(await program(w.url, moment)).toBeUndefined();
      await expectWhole(w);
      await promoteInBatches(await w.promoter(), 50);
      await expectWhole(w);
      expect(await w.sql(crowdSql)).toEqual(clean);
    }
  },
);

test.each(["before", "after"] as const)(
  "a connection that breaks %s the server has seen COMMIT is told of, and running again gives the rows of a clean run",
  async (when) => {
    const clean = await cleanRows();
    await using w = await promoteWorld(crowdYaml);
    await using proxy = await startTcpProxy(w.url);
    await using far = await promoteWorldAt(proxy.url, crowdYaml);
    const promoter = await far.promoter();
    proxy.cutAt("COMMIT\0", when);
    await expect(promoteInBatches(promoter)).rejects.toMatchObject({ code: "COMMIT_UNKNOWN" });
    proxy.cutAt(undefined);
    await promoteInBatches(promoter);
    expect(await w.sql(crowdSql)).toEqual(clean);
    await expectWhole(w);
  },
);

test("a server that restarts in the middle of a batch loses it whole, and running again gives the rows of a clean run", async () => {
  const clean = await cleanRows();
  const folder = mkdtempSync(join(tmpdir(), "ctb-data-promote-"));
  const dataDir = join(folder, "data");
  try {
    const first = await startEmbeddedPostgres({ dataDir, durable: false });
    await using w = await promoteWorldAt(first.url, crowdYaml);
    await w.postgres.query(schemaSql(w.registry));
    await ensurePromotionTables(w.postgres);
    const promoter = await w.promoter();
    await promoter.promote(crowd.slice(0, 40), { run: 1, fence });
    const half = promoter.promote(crowd.slice(40), {
      run: 1,
      fence: async (tx) => {
        await first.close();
        await tx.query("SELECT 1");
      },
    });
    await expect(half).rejects.toMatchObject({ code: "CONNECTION_LOST" });
    await using second = await startEmbeddedPostgres({ dataDir, durable: false });
    expect(second.port).toBe(first.port);
    expect(await w.sql("SELECT count(*)::int AS n FROM ctb_data.imo_promotions")).toEqual([
      { n: await countOf(w, "d039") },
    ]);
    await promoteInBatches(promoter);
    expect(await w.sql(crowdSql)).toEqual(clean);
    await expectWhole(w);
  } finally {
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  }
});

/** How many have a row up to this id. */
async function countOf(w: PromoteWorld, id: string): Promise<unknown> {
  const [row] = await w.sql(
    `SELECT count(*)::int AS n FROM ctb_data.imo_promotions WHERE document_id <= '${id}'`,
  );
  return row?.["n"];
}

test("promoters whose batches overlap, beside somebody who writes the same keys by hand, end in the rows of a clean run", async () => {
  const clean = await cleanRows();
  await using w = await promoteWorld(crowdYaml);
  const promoters = [await w.promoter(), await w.promoter(), await w.promoter()];
  const work = promoters.map(async (promoter, n) => {
    for (let from = n * 5; from < crowd.length; from += 20)
      await promoter.promote(crowd.slice(Math.max(0, from - 10), from + 20).toReversed(), {
        run: 1,
        fence,
      });
  });
  const byHand = (async () => {
    for (let n = 0; n < 120; n += 4)
      await w.sql(
        `INSERT INTO clients (email, name) VALUES ('${n % 10 === 9 ? n - 1 : n}@x.org', 'by hand') ON CONFLICT DO NOTHING`,
      );
  })();
  await Promise.all([...work, byHand]);
  await promoteInBatches(await w.promoter());
  // A row by hand whose document is refused stays as it was written.
  await w.sql(
    "DELETE FROM clients WHERE name = 'by hand' AND id::text NOT IN (SELECT row_key FROM ctb_data.imo_promotions)",
  );
  expect(await w.sql(crowdSql)).toEqual(clean);
});

test("a transaction that the server ends as not serializable is run again", async () => {
  await using w = await promoteWorld(crowdYaml);
  const promoter = await w.promoter();
  let runs = 0;
  await promoter.promote(documentsOf({ a: { row: { email: "a" } } }), {
    run: 1,
    fence: async (tx) => {
      runs += 1;
      if (runs === 1) await tx.query("DO $$ BEGIN RAISE serialization_failure; END $$");
    },
  });
  expect(runs).toBe(2);
  expect(await w.sql("SELECT email FROM clients")).toEqual([{ email: "a" }]);
});

test("any number of runners make the table of promotions at once, and one that is not ours is left alone", async () => {
  await using w = await promoteWorld(crowdYaml);
  await w.sql("DROP SCHEMA ctb_data CASCADE");
  await Promise.all(Array.from({ length: 6 }, async () => await ensurePromotionTables(w.postgres)));
  await w.sql("COMMENT ON TABLE ctb_data.imo_promotions IS 'by ctb-data imo, format 9: …'");
  await expect(ensurePromotionTables(w.postgres)).rejects.toMatchObject({
    code: "UNKNOWN_FORMAT",
    message: expect.stringContaining("format 9"),
  });
});
