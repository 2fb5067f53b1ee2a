import { openPostgres } from "@ctb-data/postgres";
import { createTestDatabase } from "@ctb-data/postgres/testing";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { KeyLedger, type KeyClaim } from "./key-ledger.ts";

const numRuns = process.env["SLOW"] === "1" ? 100 : 10;

test("each key is its first claimant's, within a batch and over all batches", async () => {
  await using database = await createTestDatabase();
  await using postgres = await openPostgres({ url: database.url });
  const key = fc.integer({ min: 0, max: 30 }).map((n) => n.toString(16).padStart(40, "0"));
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.array(key, { maxLength: 12 }), { maxLength: 12 }),
      async (batches) => {
        await using ledger = await KeyLedger.open(postgres, undefined);
        const holders = new Map<string, { readonly line: number; readonly hash: string }>();
        let line = 0;
        for (const ids of batches) {
          const claims = ids.map((id): KeyClaim => {
            line += 1;
            return { id, line, hash: `${line}`.padStart(64, "0") };
          });
          const expected = claims.map(({ id, ...holder }) => {
            const before = holders.get(id);
            if (before === undefined) holders.set(id, holder);
            return before;
          });
          const found = await ledger.claim(claims);
          expect(found.map((holder) => holder && { line: holder.line, hash: holder.hash })).toEqual(
            expected,
          );
        }
      },
    ),
    { numRuns },
  );
});

test("ledgers know nothing of each other, and leave nothing", async () => {
  await using database = await createTestDatabase();
  await using postgres = await openPostgres({ url: database.url });
  const claims = [{ id: "00".repeat(20), line: 1, hash: "11".repeat(32) }];
  {
    await using first = await KeyLedger.open(postgres, undefined);
    await using second = await KeyLedger.open(postgres, undefined);
    expect(await first.claim(claims)).toEqual([undefined]);
    expect(await second.claim(claims)).toEqual([undefined]);
  }
  const { rows } = await postgres.query("SELECT relname FROM pg_class WHERE relname LIKE 'ctb%'");
  expect(rows).toEqual([]);
});
