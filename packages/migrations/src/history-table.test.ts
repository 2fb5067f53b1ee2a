import { openPostgres } from "@ctb-data/postgres";
import { expect, test } from "vitest";
import { errorOf, testMigrations, valueOf } from "../testing/test-migrations.ts";
import { migrateUp } from "./migrate-up.ts";

test("a user that may not make the history is told how to get it", async () => {
  await using at = await testMigrations({ "001_x.sql": "CREATE TABLE a ();" });
  const name = `ctb_poor_${at.url.slice(-8).replaceAll(/\W/g, "_")}`;
  await at.db.query(`CREATE ROLE ${name}`);
  try {
    await using poor = await openPostgres({ url: `${at.url}?options=-crole%3D${name}` });
    const error = await errorOf(migrateUp(poor, { dir: at.dir }));
    expect(error).toMatchObject({ code: "HISTORY_FAILED", sqlState: "42501" });
    expect(error.hint).toContain("CREATE SCHEMA ctb_data AUTHORIZATION");
    await at.db.query(
      `CREATE SCHEMA ctb_data AUTHORIZATION ${name}; GRANT CREATE ON SCHEMA public TO ${name}`,
    );
    expect((await migrateUp(poor, { dir: at.dir })).migrations).toHaveLength(1);
  } finally {
    await at.db.query(`DROP OWNED BY ${name}; DROP ROLE ${name}`);
  }
});

test.each(["CREATE TABLE b ();", "-- Transaction: none\nCREATE TABLE b (); VACUUM b;"])(
  "a history that may be read but not written is not the file's fault: %j",
  async (file) => {
    await using at = await testMigrations({ "001_x.sql": "CREATE TABLE a ();" });
    await migrateUp(at.db, { dir: at.dir });
    await at.write("002_x.sql", file);
    const name = `ctb_reader_${at.url.slice(-8).replaceAll(/\W/g, "_")}`;
    await at.db.query(`CREATE ROLE ${name}; GRANT ALL ON SCHEMA public TO ${name};
GRANT USAGE ON SCHEMA ctb_data TO ${name}; GRANT SELECT ON ctb_data.migrations TO ${name}`);
    try {
      await using reader = await openPostgres({ url: `${at.url}?options=-crole%3D${name}` });
      expect(await errorOf(migrateUp(reader, { dir: at.dir }))).toMatchObject({
        code: "HISTORY_FAILED",
        sqlState: "42501",
      });
      expect(await valueOf(at.db, "SELECT to_regclass('b')")).toBe("null");
    } finally {
      await at.db.query(`DROP OWNED BY ${name}; DROP ROLE ${name}`);
    }
  },
);
