import { assert, asyncProperty } from "fast-check";
import { afterAll, expect, test } from "vitest";
import { promoteWorld, type PromoteWorld } from "../../testing/promote-world.ts";
import {
  expectedRows,
  promotable,
  randomPromotions,
  randomTable,
  randomTableYaml,
  type RandomPromotions,
  type TableKind,
} from "../../testing/random-promotions.ts";
import type { PromotableDocument, Promoter } from "./promotion.ts";

const numRuns = process.env["SLOW"] === "1" ? 100 : 10;

const worlds = new Map<TableKind, PromoteWorld>();

afterAll(async () => {
  for (const w of worlds.values()) await w[Symbol.asyncDispose]();
});

/** A world of this kind with nothing in it but the rows that are there before. */
async function world({ kind, rows }: RandomPromotions): Promise<PromoteWorld> {
  const w = worlds.get(kind) ?? (await promoteWorld(randomTableYaml(kind)));
  worlds.set(kind, w);
  await w.sql(`TRUNCATE "we ""ird", ctb_data.imo_promotions RESTART IDENTITY`);
  const nr = kind === "composite" ? { name: ", nr", value: ", 1" } : { name: "", value: "" };
  for (const key of rows)
    await w.sql(
      `INSERT INTO "we ""ird" ("Key 1", größe, status${nr.name}) VALUES ('${key}', 'before', 'before'${nr.value})`,
    );
  return w;
}

async function open(w: PromoteWorld, { kind }: RandomPromotions): Promise<Promoter> {
  const keyColumns = kind === "composite" ? ["nr", "Key 1"] : ["Key 1"];
  return await w.promoter({ table: randomTable, keyColumns });
}

const fence = async (): Promise<void> => {};

/** The newest of every document, in batches, until nothing moves any more. */
async function settle(
  promoters: readonly Promoter[],
  documents: readonly PromotableDocument[],
): Promise<void> {
  for (let round = 0; round < 20; round += 1) {
    const size = 3 + round;
    const batches = Array.from({ length: Math.ceil(documents.length / size) }, (_, n) =>
      documents.slice(n * size, (n + 1) * size),
    );
    const results = await Promise.all(
      batches.map(
        async (batch, n) =>
          await promoters[n % promoters.length]?.promote(batch, { run: 2, fence }),
      ),
    );
    const moved = results
      .flatMap((result) => result?.outcomes ?? [])
      .filter((one) => one.kind === "promoted" && one.how !== "unchanged");
    if (moved.length === 0) return;
  }
  throw new Error("It never comes to rest");
}

/** Rows by their keys, without what a sequence has given; and the owner of each. */
async function stateOf(w: PromoteWorld, { kind }: RandomPromotions): Promise<object> {
  const boss =
    kind === "serial"
      ? `(SELECT b."Key 1" FROM "we ""ird" b WHERE b.id = t.boss)`
      : kind === "text"
        ? "t.boss"
        : "NULL";
  const key = {
    serial: "t.id::text",
    uuid: "t.id::text",
    text: `t."Key 1"`,
    composite: `'["' || t."Key 1" || '","1"]'`,
  };
  const rows = await w.sql(
    `SELECT "Key 1" AS key, größe, status, tags, size, ${boss} AS boss FROM "we ""ird" t ORDER BY "Key 1" COLLATE "C"`,
  );
  const owners = await w.sql(
    `SELECT "Key 1" AS key, p.document_id AS id FROM ctb_data.imo_promotions p LEFT JOIN "we ""ird" t ON p.row_key = ${key[kind]} ORDER BY "Key 1" COLLATE "C"`,
  );
  return { rows, owners: Object.fromEntries(owners.map((row) => [row["key"], row["id"]])) };
}

test(
  "any versions in any order, batches and number of promoters end in the rows that the newest give in one go",
  { timeout: 600_000 },
  async () => {
    await assert(
      asyncProperty(randomPromotions, async (given) => {
        const w = await world(given);
        const promoters = [await open(w, given), await open(w, given), await open(w, given)];
        for (const round of given.rounds)
          await Promise.all(
            round.map(async (batch, n) => {
              const documents = batch.flatMap((one) =>
                promotable(given, one.document, one.version),
              );
              await promoters[n]?.promote(documents, { run: 1, fence });
            }),
          );
        const newest = given.documents.flatMap((_, index) => promotable(given, index, 3));
        await settle(promoters, newest.toReversed());
        const expected = expectedRows(given);
        expect(await stateOf(w, given)).toEqual(expected);

        await world(given);
        await promoters[0]?.promote(newest, { run: 1, fence });
        expect(await stateOf(w, given)).toEqual(expected);
      }),
      { numRuns },
    );
  },
);
