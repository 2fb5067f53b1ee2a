import { openPostgres, quoteIdentifier, type Postgres } from "@ctb-data/postgres";
import { createTestDatabase } from "@ctb-data/postgres/testing";
import { describe, expect, test } from "vitest";
import { applyPostData, applyPreData } from "./apply-schema.ts";
import { exportSchema } from "./export-schema.ts";
import type { SchemaExport } from "./schema-object.ts";

async function exportOf(postgres: Postgres): Promise<SchemaExport> {
  return await postgres.withConnection(async (connection) => {
    await connection.query("BEGIN ISOLATION LEVEL REPEATABLE READ");
    const exported = await exportSchema(connection);
    await connection.query("ROLLBACK");
    return exported;
  });
}

/** Every operator and function of every family, by name. */
async function membersIn(postgres: Postgres): Promise<readonly unknown[]> {
  const { rows } = await postgres.query(
    `SELECT pg_catalog.pg_describe_object(classid, objid, 0) AS member FROM (
       SELECT 'pg_catalog.pg_amop'::regclass AS classid, oid AS objid FROM pg_catalog.pg_amop
       UNION ALL SELECT 'pg_catalog.pg_amproc'::regclass, oid FROM pg_catalog.pg_amproc) AS members
     WHERE objid >= 16384 ORDER BY 1`,
  );
  return rows;
}

/** Those that put operators and functions into families by ALTER OPERATOR FAMILY. */
const extensions = [
  ["btree_gin", "btree_gist", "citext", "cube", "earthdistance", "hstore"],
  ["intarray", "isn", "ltree", "pg_trgm", "seg"],
].flat();

describe("the operator families of", () => {
  test.each(extensions)("the extension %s are made by it alone", async (extension) => {
    await using source = await createTestDatabase();
    await using target = await createTestDatabase();
    await using from = await openPostgres({ url: source.url });
    await using to = await openPostgres({ url: target.url });
    await from.query("CREATE SCHEMA ext");
    await from.query(`CREATE EXTENSION ${quoteIdentifier(extension)} SCHEMA ext CASCADE`);
    const exported = await exportOf(from);
    await applyPreData(to, exported.preData);
    await applyPostData(to, exported.postData);
    expect(await membersIn(to)).toEqual(await membersIn(from));
    expect(exported.uncovered).toEqual([]);
  });

  test("an extension keep what somebody else put into them", async () => {
    await using source = await createTestDatabase();
    await using target = await createTestDatabase();
    await using from = await openPostgres({ url: source.url });
    await using to = await openPostgres({ url: target.url });
    for (const sql of [
      "CREATE EXTENSION hstore",
      "CREATE FUNCTION alike(hstore, hstore) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT true'",
      "CREATE OPERATOR @@@@ (FUNCTION = alike, LEFTARG = hstore, RIGHTARG = hstore)",
      "ALTER OPERATOR FAMILY gin_hstore_ops USING gin ADD OPERATOR 99 @@@@ (hstore, hstore)",
    ])
      await from.query(sql);
    await applyPreData(to, (await exportOf(from)).preData);
    const members = await membersIn(to);
    expect(members).toEqual(await membersIn(from));
    expect(JSON.stringify(members)).toContain("@@@@");
  });
});
