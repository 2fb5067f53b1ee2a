/* oxlint-disable vitest/no-standalone-expect -- it does not know that these are tests */
import { Client } from "@ctb-data/models";
import { seedProject, withRollback } from "@ctb-data/test-fixtures";
import { createTest } from "@ctb-data/test-fixtures/vitest";
import { expect } from "vitest";

const test = createTest(seedProject, { isolation: "rollback" });

for (const round of [1, 2, 3]) {
  test(`what a test wrote is gone in the next one: ${round}`, async ({ db, testClient }) => {
    expect(await db.table(Client).find()).toEqual([testClient]);
    await db.transaction(async (tx) => await tx.query("INSERT INTO clients (name) VALUES ('x')"));
    await withRollback(db, async (tx) => await tx.query("DELETE FROM clients"));
    expect(await db.table("clients").count()).toBe(2);
  });
}
