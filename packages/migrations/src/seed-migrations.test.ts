import { expect, test } from "vitest";
import { catalogOf, testMigrations } from "../testing/test-migrations.ts";
import { migrateUp } from "./migrate-up.ts";
import { readSeedMigrations } from "./seed-migrations.ts";

test("the seed's files run as they are, as psql -f would run them, to the same schema as with the runner", async () => {
  const seed = await readSeedMigrations();
  const ups = seed.filter(({ file }) => !file.endsWith(".down.sql"));
  const downs = seed.filter(({ file }) => file.endsWith(".down.sql")).toReversed();
  await using plain = await testMigrations();
  for (const { content } of ups) await plain.db.query(content);
  await using at = await testMigrations(
    Object.fromEntries(seed.map(({ file, content }) => [file, content])),
  );
  await migrateUp(at.db, { dir: at.dir });
  expect(await catalogOf(plain.db)).toEqual(await catalogOf(at.db));
  for (const { content } of downs) await plain.db.query(content);
  expect(await catalogOf(plain.db)).toEqual([]);
});
