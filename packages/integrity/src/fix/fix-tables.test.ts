import { openPostgres } from "@ctb-data/postgres";
import { createTestDatabase } from "@ctb-data/postgres/testing";
import { expect, test } from "vitest";
import { ensureFixTables, hasFixTables, quarantineTable, runsTable } from "./fix-tables.ts";

test("the tables are made once, and nobody but their owner may read them, whatever the default privileges say", async () => {
  await using database = await createTestDatabase();
  await using postgres = await openPostgres({ url: database.url });
  await postgres.query(
    "ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO PUBLIC; ALTER DEFAULT PRIVILEGES GRANT ALL ON TABLES TO pg_monitor",
  );
  expect(await hasFixTables(postgres)).toBe(false);
  await postgres.withConnection(ensureFixTables);
  await postgres.withConnection(ensureFixTables);
  expect(await hasFixTables(postgres)).toBe(true);
  const { rows } = await postgres.query(
    `SELECT c.relname FROM pg_class c, aclexplode(c.relacl) a WHERE c.relnamespace = 'ctb_data'::regnamespace AND a.grantee <> c.relowner`,
  );
  expect(rows).toEqual([]);
});

test("the schema may be there already", async () => {
  await using database = await createTestDatabase();
  await using postgres = await openPostgres({ url: database.url });
  await postgres.query("CREATE SCHEMA ctb_data; CREATE TABLE ctb_data.migrations (id int)");
  await postgres.withConnection(ensureFixTables);
  expect(await hasFixTables(postgres)).toBe(true);
});

test("tables of a newer format, and those of somebody else, are refused", async () => {
  await using database = await createTestDatabase();
  await using postgres = await openPostgres({ url: database.url });
  await postgres.withConnection(ensureFixTables);
  await postgres.query(
    `COMMENT ON TABLE ${runsTable} IS 'Runs of ctb-data integrity fix, format 2. Else.'`,
  );
  await expect(hasFixTables(postgres)).rejects.toMatchObject({
    code: "UNKNOWN_FORMAT",
    message: expect.stringContaining("format 2"),
  });
  await postgres.query(`DROP SCHEMA ctb_data CASCADE; CREATE SCHEMA ctb_data`);
  await postgres.query(`CREATE TABLE ${quarantineTable} (id int)`);
  await expect(postgres.withConnection(ensureFixTables)).rejects.toMatchObject({
    code: "UNKNOWN_FORMAT",
  });
});

test("a user who may not create the schema is told what to do, and nothing is there afterwards", async () => {
  await using database = await createTestDatabase();
  await using postgres = await openPostgres({ url: database.url });
  const role = `${database.name}_weak`;
  await postgres.query(`CREATE ROLE ${role}`);
  try {
    const made = postgres.withConnection(
      async (connection) => {
        await connection.query(`SET ROLE ${role}`);
        await ensureFixTables(connection);
      },
      { destroy: true },
    );
    await expect(made).rejects.toMatchObject({ code: "DENIED" });
    expect(await hasFixTables(postgres)).toBe(false);
  } finally {
    await postgres.query(`DROP ROLE ${role}`);
  }
});
