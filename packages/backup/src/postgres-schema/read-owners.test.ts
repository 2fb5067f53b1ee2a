import { randomUUID } from "node:crypto";
import { openPostgres, type Postgres } from "@ctb-data/postgres";
import { createTestDatabase } from "@ctb-data/postgres/testing";
import { expect, test } from "vitest";
import { applyGrants, applyPostData, applyPreData } from "./apply-schema.ts";
import { exportSchema } from "./export-schema.ts";
import type { SchemaExport } from "./schema-object.ts";

async function exportOf(postgres: Postgres): Promise<SchemaExport> {
  return await postgres.transaction(async (tx) => await exportSchema(tx), {
    isolation: "repeatable read",
  });
}

async function apply(postgres: Postgres, schema: SchemaExport): Promise<readonly string[]> {
  const options = { onMissingRole: "skip" } as const;
  const applied = [
    await applyPreData(postgres, schema.preData, options),
    await applyPostData(postgres, schema.postData, options),
    await applyGrants(postgres, schema.grants, options),
  ];
  return applied.flatMap(({ warnings }) => warnings);
}

test("what belongs to another role belongs to it again, and where the role is missing that is told", async () => {
  const role = `ctb_owner_${randomUUID().slice(0, 8)}`;
  await using source = await createTestDatabase();
  await using first = await createTestDatabase();
  await using second = await createTestDatabase();
  await using postgres = await openPostgres({ url: source.url });
  await using target = await openPostgres({ url: first.url });
  await using later = await openPostgres({ url: second.url });
  for (const sql of [
    `CREATE ROLE ${role}`,
    "CREATE TABLE secrets (id serial PRIMARY KEY, word text)",
    "CREATE VIEW words AS SELECT word FROM secrets",
    `ALTER VIEW words OWNER TO ${role}`,
    "CREATE FUNCTION reveal() RETURNS text LANGUAGE sql SECURITY DEFINER AS 'SELECT max(word) FROM public.secrets'",
    `ALTER FUNCTION reveal OWNER TO ${role}`,
    "CREATE TYPE mood AS ENUM ('good')",
    `ALTER TYPE mood OWNER TO ${role}`,
    `CREATE TABLE theirs (id serial PRIMARY KEY, n int GENERATED ALWAYS AS IDENTITY)`,
    `ALTER TABLE theirs OWNER TO ${role}`,
    `CREATE SCHEMA app AUTHORIZATION ${role}`,
  ])
    await postgres.query(sql);
  try {
    const schema = await exportOf(postgres);
    expect(schema.grants.filter(({ kind }) => kind === "owner").map(({ name }) => name)).toEqual([
      "ROUTINE public.reveal()",
      "SCHEMA app",
      "TABLE public.theirs",
      "TYPE public.mood",
      "VIEW public.words",
    ]);
    expect(await apply(target, schema)).toEqual([]);
    const { rows } = await target.query(
      "SELECT relname, pg_get_userbyid(relowner) = $1 AS theirs FROM pg_class WHERE relname IN ('words', 'secrets', 'theirs', 'theirs_id_seq') ORDER BY 1",
      [role],
    );
    expect(rows).toEqual([
      { relname: "secrets", theirs: false },
      { relname: "theirs", theirs: true },
      { relname: "theirs_id_seq", theirs: true },
      { relname: "words", theirs: true },
    ]);
    const other = {
      ...schema,
      grants: schema.grants.map((object) => ({
        ...object,
        sql: object.sql.replace(role, "nobody_here"),
      })),
    };
    const warnings = await apply(later, other);
    expect(warnings).toHaveLength(5);
    expect(warnings).toContainEqual(
      expect.stringMatching(
        /^owner of VIEW public\.words was left out: role "nobody_here" does not exist\. It belongs to who restored it/u,
      ),
    );
  } finally {
    for (const db of [postgres, target]) await db.query(`DROP OWNED BY ${role}`);
    await postgres.query(`DROP ROLE ${role}`);
  }
});
