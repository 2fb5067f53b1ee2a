import { openPostgres, type Postgres } from "@ctb-data/postgres";
import { createTestDatabase } from "@ctb-data/postgres/testing";
import { expect, test } from "vitest";
import { applyGrants, applyPostData, applyPreData } from "./apply-schema.ts";
import { exportSchema } from "./export-schema.ts";
import type { SchemaExport } from "./schema-object.ts";

interface Pair extends AsyncDisposable {
  readonly source: Postgres;
  readonly target: Postgres;
}

/** A source with this schema, and an empty target. */
async function openPair(sql: string): Promise<Pair> {
  const stack = new AsyncDisposableStack();
  const open = async (): Promise<Postgres> =>
    stack.use(await openPostgres({ url: stack.use(await createTestDatabase()).url }));
  const [source, target] = [await open(), await open()];
  await source.query(sql);
  return { source, target, [Symbol.asyncDispose]: async () => await stack.disposeAsync() };
}

async function exportOf(db: Postgres): Promise<SchemaExport> {
  return await db.transaction(async (tx) => await exportSchema(tx));
}

const orphans = `CREATE TABLE parents (id integer PRIMARY KEY);
  CREATE TABLE children (id integer PRIMARY KEY, parent_id integer CONSTRAINT "to parents" REFERENCES parents, n integer);
  ALTER TABLE children ADD CONSTRAINT positive CHECK (n > 0) NOT VALID;
  CREATE INDEX children_parent ON children (parent_id);
  COMMENT ON CONSTRAINT "to parents" ON children IS 'it''s; a comment';`;

test("a foreign key that rows of the backup violate is named, with its table", async () => {
  await using pair = await openPair(orphans);
  const { preData, postData } = await exportOf(pair.source);
  await applyPreData(pair.target, preData);
  await pair.target.query("INSERT INTO children VALUES (1, 7, 1)");
  await expect(applyPostData(pair.target, postData)).rejects.toMatchObject({
    code: "DATABASE_FAILED",
    message: expect.stringContaining('foreign key public."to parents" on public.children'),
    table: "public.children",
    hint: expect.stringContaining("NOT VALID"),
  });
});

test("a violated foreign key is made NOT VALID when that is asked for, and holds for new rows", async () => {
  await using pair = await openPair(orphans);
  const { preData, postData } = await exportOf(pair.source);
  await applyPreData(pair.target, preData);
  await pair.target.query("INSERT INTO children VALUES (1, 7, 1)");
  const { warnings } = await applyPostData(pair.target, postData, { onViolation: "not-valid" });
  expect(warnings).toEqual([expect.stringContaining('foreign key public."to parents"')]);
  const after = await exportOf(pair.target);
  const key = after.postData.find(({ kind }) => kind === "foreign key");
  expect(key?.sql).toContain("NOT VALID");
  expect(key?.sql).toContain("IS 'it''s; a comment'");
  await expect(pair.target.query("INSERT INTO children VALUES (2, 8, 1)")).rejects.toMatchObject({
    code: "CONSTRAINT_VIOLATION",
  });
});

test("pre-data is made whole or not at all", async () => {
  await using pair = await openPair("CREATE TABLE a (id integer); CREATE TABLE b (id integer)");
  await pair.target.query("CREATE TABLE b (other text)");
  const { preData } = await exportOf(pair.source);
  await expect(applyPreData(pair.target, preData)).rejects.toMatchObject({
    message: expect.stringContaining("table public.b"),
  });
  const { rows } = await pair.target.query(
    "SELECT relname::text FROM pg_class WHERE relkind = 'r' AND oid >= 16384",
  );
  expect(rows).toEqual([{ relname: "b" }]);
  const { warnings } = await applyPreData(pair.target, preData, { onExisting: "keep" });
  expect(warnings).toEqual([expect.stringContaining("table public.b")]);
});

test("grants and policies of missing roles fail with the role's name, or are left out with a warning", async () => {
  const role = `ctb_role_${process.pid}`;
  await using pair =
    await openPair(`CREATE ROLE ${role}; CREATE TABLE t (id integer); GRANT SELECT ON t TO ${role};
    CREATE POLICY allowed ON t TO ${role} USING (true);`);
  const { preData, postData, grants } = await exportOf(pair.source);
  await pair.source.query(`DROP POLICY allowed ON t; DROP OWNED BY ${role}; DROP ROLE ${role}`);
  await applyPreData(pair.target, preData);
  for (const objects of [postData, grants]) {
    expect(objects.flatMap((object) => object.roles ?? [])).toContain(role);
    await expect(applyPostData(pair.target, objects)).rejects.toMatchObject({
      message: expect.stringContaining(role),
      hint: expect.stringContaining("create the role"),
    });
    const { warnings } = await applyGrants(pair.target, objects, { onMissingRole: "skip" });
    expect(warnings).toEqual([expect.stringContaining(role)]);
  }
});

test("a restrictive policy is never left out", async () => {
  const role = `ctb_role_${process.pid}_r`;
  await using pair = await openPair(
    `CREATE ROLE ${role}; CREATE TABLE t (id integer); CREATE POLICY narrow ON t AS RESTRICTIVE TO ${role} USING (false);`,
  );
  const { preData, postData } = await exportOf(pair.source);
  await pair.source.query(`DROP TABLE t; DROP ROLE ${role}`);
  await applyPreData(pair.target, preData);
  await expect(
    applyPostData(pair.target, postData, { onMissingRole: "skip" }),
  ).rejects.toMatchObject({ message: expect.stringContaining(role) });
});

test("a function that names a table without its schema works under a search path", async () => {
  await using pair = await openPair(`CREATE TABLE known (id integer); CREATE TABLE t (id integer);
    CREATE FUNCTION lookup(integer) RETURNS bigint LANGUAGE plpgsql IMMUTABLE AS 'BEGIN RETURN (SELECT count(*) FROM known WHERE id = $1); END';
    ALTER TABLE t ADD CONSTRAINT looked_up CHECK (lookup(id) = 0);`);
  const { preData, postData } = await exportOf(pair.source);
  await applyPreData(pair.target, preData);
  await pair.target.query("INSERT INTO t VALUES (1)");
  await expect(applyPostData(pair.target, postData)).rejects.toMatchObject({
    message: expect.stringContaining("check constraint public.looked_up"),
    hint: expect.stringContaining("searchPath"),
  });
  expect(await applyPostData(pair.target, postData, { searchPath: "public" })).toEqual({
    warnings: [],
  });
});

test("many keys in circles are made over many connections", async () => {
  const names = Array.from({ length: 6 }, (_, index) => `t${index}`);
  await using pair = await openPair(
    [
      ...names.map((name) => `CREATE TABLE ${name} (id integer PRIMARY KEY, other integer UNIQUE)`),
      ...names.flatMap((name) =>
        names.map((other) => `ALTER TABLE ${name} ADD FOREIGN KEY (other) REFERENCES ${other}`),
      ),
    ].join(";"),
  );
  const exported = await exportOf(pair.source);
  await applyPreData(pair.target, exported.preData);
  await applyPostData(pair.target, exported.postData, { jobs: 6 });
  expect(await exportOf(pair.target)).toEqual(exported);
});

test("an abort stops it", async () => {
  await using pair = await openPair(orphans);
  const { preData, postData } = await exportOf(pair.source);
  const abort = new AbortController();
  abort.abort();
  await expect(applyPreData(pair.target, preData, { signal: abort.signal })).rejects.toMatchObject({
    code: "CANCELLED",
  });
  await expect(
    applyPostData(pair.target, postData, { signal: abort.signal }),
  ).rejects.toMatchObject({ code: "CANCELLED" });
});
