import { expect, test } from "vitest";
import { createTestDatabase } from "../testing/index.ts";
import { catalogForeignKeyClause } from "./catalog-foreign-key.ts";
import { openPostgres } from "./open-postgres.ts";

test.each([
  "(a, b) REFERENCES odd.p (a, b)",
  "(b, a) REFERENCES odd.p (b, a) MATCH FULL ON UPDATE CASCADE DEFERRABLE",
  "(a, b) REFERENCES odd.p (a, b) ON DELETE SET NULL (b) DEFERRABLE INITIALLY DEFERRED",
  "(a, b) REFERENCES odd.p (a, b) ON DELETE SET DEFAULT ON UPDATE RESTRICT",
])(
  "a foreign key that is dropped and made again from the catalog is the same: %s",
  async (definition) => {
    await using database = await createTestDatabase();
    await using db = await openPostgres({ url: database.url });
    await db.query(`CREATE SCHEMA odd; CREATE TABLE odd.p (a integer, b integer, PRIMARY KEY (a, b), UNIQUE (b, a));
    CREATE TABLE odd."C d" (a integer, b integer, CONSTRAINT "f k" FOREIGN KEY ${definition})`); // prettier-ignore
    const keys = async () =>
      (await db.readCatalog({ schemas: ["odd"] })).tables.flatMap(({ foreignKeys }) => foreignKeys);
    const [before] = await keys();
    if (!before) throw new Error("There is no foreign key.");
    await db.query(
      `ALTER TABLE odd."C d" DROP CONSTRAINT "f k", ADD ${catalogForeignKeyClause(before)}`,
    );
    expect(await keys()).toEqual([before]);
    await db.query(`ALTER TABLE odd."C d" ADD ${catalogForeignKeyClause(before, "second one")}`);
    expect(await keys()).toEqual([before, { ...before, name: "second one" }]);
  },
);

test("a foreign key over a period is made again from the catalog", async ({ skip }) => {
  await using database = await createTestDatabase();
  await using db = await openPostgres({ url: database.url });
  skip(
    Number.parseInt((await db.readCatalog()).serverVersion) < 18,
    "periods came with PostgreSQL 18",
  );
  await db.query(`CREATE TABLE p (id int4range, during tsrange, UNIQUE (id, during WITHOUT OVERLAPS));
    CREATE TABLE c (id int4range, during tsrange, CONSTRAINT f FOREIGN KEY (id, PERIOD during) REFERENCES p (id, PERIOD during))`);
  const keys = async () =>
    (await db.readCatalog()).tables.flatMap(({ foreignKeys }) => foreignKeys);
  const [before] = await keys();
  if (!before) throw new Error("There is no foreign key.");
  await db.query(`ALTER TABLE c DROP CONSTRAINT f, ADD ${catalogForeignKeyClause(before)}`);
  expect(await keys()).toEqual([before]);
});
