import { randomRegistry, runs } from "@ctb-data/postgres/testing/random-registry";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { driftDatabase, idsOf } from "../../testing/drift-database.ts";
import { driftMutations } from "../../testing/drift-mutations.ts";

test(
  "a database of any registry has no drift; of any one thing that is changed in it, that is told and no more, and mended by what is told",
  { timeout: 600_000 },
  async () => {
    const picks = fc.array(fc.nat(), { minLength: 1, maxLength: 8 });
    await fc.assert(
      fc.asyncProperty(randomRegistry, picks, async (registry, numbers) => {
        await using drift = await driftDatabase(registry);
        expect(await drift.check()).toEqual([]);
        const mutations = driftMutations(drift.expected);
        for (const number of numbers) {
          const mutation = mutations[number % mutations.length];
          if (!mutation) throw new Error("There is nothing to change.");
          await drift.db.query(mutation.sql);
          const findings = await drift.check();
          expect({ sql: mutation.sql, ids: idsOf(findings) }).toEqual({
            sql: mutation.sql,
            ids: mutation.ids.toSorted((a, b) => (a < b ? -1 : 1)),
          });
          await drift.mend(findings);
          expect({ sql: mutation.sql, left: await drift.check() }).toEqual({
            sql: mutation.sql,
            left: [],
          });
        }
      }),
      runs,
    );
  },
);
