import { expect, test } from "vitest";
import { errorOf, testMigrations, valueOf } from "../testing/test-migrations.ts";
import { migrateUp } from "./migrate-up.ts";

test.each([
  { lockTimeoutMs: -1 },
  { lockTimeoutMs: Number.NaN },
  { statementTimeoutMs: 2 ** 31 },
  { lockWaitMs: Number.NaN },
  { lockAttempts: 0.5 },
])("an option that is no number for it is the option's fault: %j", async (wrong) => {
  await using at = await testMigrations({ "001_x.sql": "CREATE TABLE a ();" });
  const error = await errorOf(migrateUp(at.db, { dir: at.dir, ...wrong }));
  expect(error.code).toBe("INVALID_OPTIONS");
  expect(error.message).toContain(Object.keys(wrong)[0]);
  expect(await valueOf(at.db, "SELECT to_regclass('ctb_data.migrations')")).toBe("null");
});
