import { readFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { testMigrations } from "../testing/test-migrations.ts";
import { createMigration, migrateUp, migrationStatus, rollback } from "./index.ts";

test("the example of the README says what really happens", async () => {
  const readme = await readFile(new URL("../README.md", import.meta.url), "utf8");
  const [, up = "", down = ""] = /up: "([^"]*)",\n\s*down: "([^"]*)"/.exec(readme) ?? [];
  await using at = await testMigrations();
  await createMigration({ dir: at.dir, name: /name: "([^"]*)"/.exec(readme)?.[1] ?? "", up, down });
  const { migrations } = await migrateUp(at.db, { dir: at.dir });
  expect(readme).toContain(`migrations[0].name is "${migrations[0]?.name}"`);
  const { pending } = await migrationStatus(at.db, { dir: at.dir });
  expect(readme).toContain(`pending is ${pending}`);
  expect((await rollback(at.db, { dir: at.dir })).migrations).toHaveLength(1);
});
