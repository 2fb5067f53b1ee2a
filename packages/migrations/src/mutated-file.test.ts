import * as fc from "fast-check";
import { expect, test } from "vitest";
import { testMigrations } from "../testing/test-migrations.ts";
import { loadMigrations } from "./load-migrations.ts";
import { migrateUp } from "./migrate-up.ts";
import { MigrationError } from "./migration-error.ts";
import { parseMigration } from "./parse-migration.ts";
import { readSeedMigrations } from "./seed-migrations.ts";

const seed = await readSeedMigrations();
const slow = process.env["SLOW"] === "1";

/** One byte of one file changed, added or taken away. */
const mutation = fc.record({
  which: fc.nat({ max: seed.length - 1 }),
  place: fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
  how: fc.constantFrom("change", "insert", "delete"),
  byte: fc.oneof(fc.nat({ max: 255 }), fc.constantFrom(...Buffer.from(";'\"$\\-/*\n\r\0 BEGIN"))),
});

type Mutation = typeof mutation extends fc.Arbitrary<infer T> ? T : never;

function mutate({ which, place, how, byte }: Mutation): {
  readonly file: string;
  readonly bytes: Uint8Array;
} {
  const { file = "", content = "" } = seed[which] ?? {};
  const bytes = Buffer.from(content);
  const at = Math.floor(place * bytes.length);
  const behind = bytes.subarray(how === "insert" ? at : at + 1);
  const middle = how === "delete" ? [] : [byte];
  return { file, bytes: Buffer.concat([bytes.subarray(0, at), Buffer.from(middle), behind]) };
}

/** A sentence that names the file, and a way on. */
function expectClear(error: unknown, file: string): void {
  if (!(error instanceof MigrationError)) throw error;
  expect(error.message).toContain(file);
  expect(error.hint).not.toBe("");
  expect(error.message).not.toMatch(/undefined|\[object|\n\s+at /);
}

test("one mutated byte gives statements or a clear error", async () => {
  await fc.assert(
    fc.asyncProperty(mutation, async (change) => {
      const { file, bytes } = mutate(change);
      try {
        const { statements } = await parseMigration(bytes, file);
        expect(statements.length).toBeGreaterThan(0);
      } catch (error) {
        expectClear(error, file);
      }
    }),
    { numRuns: slow ? 20_000 : 2000 },
  );
});

test("random bytes, and random pieces of SQL, give statements or a clear error", async () => {
  const piece = fc.constantFrom(
    "BEGIN;", "COMMIT;", "SELECT 1", ";", "\n", "$$", "'", '"', "--", "/*", "*/", "\\i x", "-- Transaction: none\n", "COPY a FROM stdin;", "é", "\uFEFF", "CREATE TABLE a ();", "(", ")", "E'\\", "U&'", "VACUUM;",
  ); // prettier-ignore
  const bytes = fc.oneof(
    fc.uint8Array({ maxLength: 60 }).map((array) => Buffer.from(array)),
    fc.array(piece, { maxLength: 20 }).map((pieces) => Buffer.from(pieces.join(""))),
  );
  await fc.assert(
    fc.asyncProperty(bytes, async (content) => {
      const parsed = await parseMigration(content, "001_x.sql").catch((error: unknown) =>
        expectClear(error, "001_x.sql"),
      );
      expect(parsed?.statements).not.toEqual([]);
    }),
    { numRuns: slow ? 20_000 : 2000 },
  );
});

test("a mutated seed runs, or says clearly why not and leaves nothing of the file", async () => {
  await fc.assert(
    fc.asyncProperty(mutation, async (change) => {
      const { file, bytes } = mutate(change);
      await using at = await testMigrations(
        Object.fromEntries(seed.map((one) => [one.file, one.content])),
      );
      await at.write(file, bytes);
      try {
        await migrateUp(at.db, { dir: at.dir });
      } catch (error) {
        if (!(error instanceof MigrationError)) throw error;
        // A renamed table is noticed by the file behind it.
        expectClear(error, ".sql");
      }
      expect((await loadMigrations(at.dir)).files.length).toBeGreaterThanOrEqual(3);
    }),
    { numRuns: slow ? 100 : 10 },
  );
});
