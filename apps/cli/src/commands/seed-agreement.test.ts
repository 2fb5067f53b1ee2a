import { readFile } from "node:fs/promises";
import { type Catalog, openPostgres } from "@ctb-data/postgres";
import { createTestDatabase } from "@ctb-data/postgres/testing";
import { expect, test } from "vitest";
import { runCliProcess } from "../../testing/cli-process.ts";
import { testDir } from "../../testing/test-dir.ts";

/** All that the registry decides. Comments are documentation: the seed's migrations leave them to their owners. */
function structureOf({ tables, enums, sequences }: Catalog): unknown {
  return JSON.parse(
    JSON.stringify(
      { tables: tables.toSorted((a, b) => (a.name < b.name ? -1 : 1)), enums, sequences },
      (key, value: unknown) => (key === "comment" || key === "estimatedRows" ? undefined : value),
    ),
  );
}

test("the seed's migrations and the schema.sql of its registry make the same database", async () => {
  await using dir = await testDir({});
  await using migrated = await createTestDatabase();
  await using generated = await createTestDatabase();
  const options = { cwd: dir.path, env: { DATABASE_URL: migrated.url } };
  expect((await runCliProcess(["init"], options)).code).toBe(0);
  expect((await runCliProcess(["migrate", "up"], options)).code).toBe(0);

  await using first = await openPostgres({ url: migrated.url });
  await using second = await openPostgres({ url: generated.url });
  await second.query(await readFile(`${dir.path}/db/schema.sql`, "utf8"));
  const catalog = await first.readCatalog({ schemas: ["public"] });
  expect(catalog.tables.map(({ name }) => name).toSorted()).toEqual([
    "blueprints",
    "clients",
    "imo_processes",
  ]);
  expect(structureOf(catalog)).toEqual(structureOf(await second.readCatalog()));
});
