import * as fc from "fast-check";
import { expect, test } from "vitest";
import { runnerProcess } from "../testing/runner-process.ts";
import { catalogOf, testMigrations, valueOf } from "../testing/test-migrations.ts";
import { migrateUp } from "./migrate-up.ts";
import { verifyMigrations } from "./verify-migrations.ts";

const files = {
  "001_a.sql":
    "BEGIN;\nCREATE TABLE a (x int);\nINSERT INTO a VALUES (1);\nSELECT pg_sleep(0.01);\nCOMMIT;",
  "002_b.sql":
    "-- Transaction: none\nINSERT INTO a SELECT 2 FROM generate_series(1, 1000);\nCREATE INDEX CONCURRENTLY i ON a (x);\nINSERT INTO a VALUES (3);\nREINDEX INDEX CONCURRENTLY i;\nCREATE INDEX CONCURRENTLY ON a ((x + 1));\nDROP INDEX CONCURRENTLY i;\nCREATE TABLE b ();",
  "003_c.sql":
    "INSERT INTO a VALUES (4);\nALTER TABLE a ADD COLUMN y int DEFAULT 1;\nSELECT pg_sleep(0.01);",
};
const events = 16;
const slow = process.env["SLOW"] === "1";

test(
  "a runner that is killed at any moment leaves nothing that the next one cannot finish, to the same schema",
  async () => {
    await using clean = await testMigrations(files);
    await migrateUp(clean.db, { dir: clean.dir });
    const expected = await catalogOf(clean.db);
    const kill = fc.record({
      behindEvent: fc.integer({ min: 0, max: events }),
      delayMs: fc.integer({ min: 0, max: 12 }),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(kill, { minLength: 1, maxLength: 2 }), async (kills) => {
        await using at = await testMigrations(files);
        for (const moment of kills) await runnerProcess(at, moment);
        const last = await runnerProcess(at);
        expect(last.finished || last.stderr).toBe(true);
        expect(await catalogOf(at.db)).toEqual(expected);
        expect(
          await valueOf(
            at.db,
            "SELECT string_agg(x || ' x ' || n, ', ' ORDER BY x) FROM (SELECT x, count(*) AS n FROM a GROUP BY x) AS t",
          ),
        ).toBe("1 x 1, 2 x 1000, 3 x 1, 4 x 1");
        expect(await verifyMigrations(at.db, at)).toMatchObject({ ok: true, problems: [] });
      }),
      { numRuns: slow ? 100 : 10 },
    );
  },
  slow ? 1_800_000 : 300_000,
);
