import { EventEmitter, once } from "node:events";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { openPostgres } from "@ctb-data/postgres";
import { expect, test } from "vitest";
import { exportWorld, type ExportWorld } from "../../testing/export-world.ts";
import { exportVendor } from "./export-vendor.ts";

const people = `
tables:
  people:
    columns:
      - { name: id, type: serial, pk: true }
      - { name: name, type: text }
      - { name: born, type: date }
      - { name: tags, type: "text[]" }
      - { name: extra, type: jsonb }
`;
const fill = String.raw`INSERT INTO people (id, name, born, tags, extra) VALUES (1, E'tab\tback\\slash\nline', '0044-03-15 BC', '{a,"b c",NULL}', '{"a": "\\\\"}'), (2, NULL, 'infinity', NULL, NULL)`;
const vendor = `source: people
output: { format: table, table: Acme People }
fields:
  - { name: Id, from: id }
  - { name: "näme", from: name, type: varchar(40) }
  - { name: born, from: born }
  - { name: TAGS, from: tags }
  - { name: extra, from: extra }
  - { name: source, constant: CTB }`;

async function peopleWorld(): Promise<ExportWorld> {
  return await exportWorld(people, fill);
}

const content = async ({ db }: ExportWorld): Promise<readonly object[]> =>
  (await db.query('SELECT * FROM "Acme People" ORDER BY "Id"')).rows;

async function loseLease(): Promise<void> {
  await Promise.reject(new Error("lease lost"));
}

test("a vendor's table is made of the blueprint's fields and holds the records, no others", async () => {
  await using world = await peopleWorld();
  const report = await world.export(vendor, { file: undefined });
  expect(report).toMatchObject({
    read: 2,
    written: 2,
    output: 'public."Acme People"',
    rejectsFile: undefined,
  });
  const { rows } = await world.db.query<{ types: string; comment: string }>(
    `SELECT string_agg(attname || ' ' || format_type(atttypid, atttypmod), ', ' ORDER BY attnum) AS types, obj_description(attrelid) AS comment
      FROM pg_attribute WHERE attrelid = '"Acme People"'::regclass AND attnum > 0 GROUP BY attrelid`,
  );
  expect(rows).toEqual([
    {
      types:
        "Id integer, näme character varying(40), born date, TAGS text[], extra jsonb, source text",
      comment: "ctb-data vendor table of acme",
    },
  ]);
  expect(await content(world)).toEqual([
    {
      Id: 1,
      näme: "tab\tback\\slash\nline",
      born: "0044-03-15 BC",
      TAGS: ["a", "b c", null],
      extra: { a: String.raw`\\` },
      source: "CTB",
    },
    { Id: 2, näme: null, born: "infinity", TAGS: null, extra: null, source: "CTB" },
  ]);
  await world.run("DELETE FROM people WHERE id = 1");
  const again = await world.export(vendor, { file: undefined });
  expect(again.sha256).not.toBe(report.sha256);
  expect(await content(world)).toHaveLength(1);
});

test("readers have the old records until the new ones are there, are not kept waiting, and grants survive", async () => {
  await using world = await peopleWorld();
  await world.export(vendor, { file: undefined });
  await world.run('GRANT SELECT ON "Acme People" TO pg_monitor', "DELETE FROM people WHERE id = 1");
  const seen: number[] = [];
  await using reader = await openPostgres({ url: world.url, statementTimeoutMs: 3000 });
  const count = async (): Promise<number> =>
    (await reader.query('SELECT * FROM "Acme People"')).rowCount;
  const beforeAppearing = async (): Promise<void> => {
    seen.push(await count());
  };
  await world.export(vendor, { file: undefined, beforeAppearing });
  expect([...seen, await count()]).toEqual([2, 1]);
  const { rows } = await world.db.query(
    "SELECT has_table_privilege('pg_monitor', '\"Acme People\"', 'SELECT') AS granted",
  );
  expect(rows).toEqual([{ granted: true }]);
});

test("what throws before the records appear leaves the old ones, and no table that was not there", async () => {
  await using world = await peopleWorld();
  await expect(
    world.export(vendor, { file: undefined, beforeAppearing: loseLease }),
  ).rejects.toThrow("lease lost");
  await expect(content(world)).rejects.toMatchObject({ code: "UNKNOWN_OBJECT" });
  await world.export(vendor, { file: undefined });
  await world.run("DELETE FROM people");
  await expect(
    world.export(vendor, { file: undefined, beforeAppearing: loseLease }),
  ).rejects.toThrow("lease lost");
  expect(await content(world)).toHaveLength(2);
});

test("a table that is not marked as this vendor's, or has other columns, is refused, also by a dry run", async () => {
  await using world = await peopleWorld();
  await world.run(
    'CREATE TABLE "Acme People" (precious text)',
    "INSERT INTO \"Acme People\" VALUES ('x')",
  );
  for (const dryRun of [true, false])
    await expect(world.export(vendor, { file: undefined, dryRun })).rejects.toMatchObject({
      code: "REFUSED",
      message: 'public."Acme People" is there already, and is not marked as the table of acme.',
      hint: expect.stringContaining("COMMENT ON TABLE"),
    });
  await world.run("COMMENT ON TABLE \"Acme People\" IS 'ctb-data vendor table of acme'");
  await expect(world.export(vendor, { file: undefined })).rejects.toMatchObject({
    code: "REFUSED",
    message: expect.stringContaining("precious text"),
  });
  const { rows } = await world.db.query('SELECT * FROM "Acme People"');
  expect(rows).toEqual([{ precious: "x" }]);
  const own = vendor.replace("table: Acme People", "table: people");
  await expect(world.export(own, { file: undefined })).rejects.toMatchObject({
    code: "INVALID_BLUEPRINT",
  });
});

test("a dry run makes no table", async () => {
  await using world = await peopleWorld();
  expect(await world.export(vendor, { file: undefined, dryRun: true })).toMatchObject({
    written: 2,
    output: undefined,
    bytes: 0,
  });
  await expect(content(world)).rejects.toMatchObject({ code: "UNKNOWN_OBJECT" });
});

test("two exports into one table at once wait for each other, and the later reads its rows later", async () => {
  await using world = await peopleWorld();
  const lease = new EventEmitter();
  const held = once(lease, "free");
  const first = world.export(vendor, {
    file: undefined,
    beforeAppearing: async () => void (await held),
  });
  await sleep(300);
  const second = world.export(vendor, { file: undefined });
  await sleep(300);
  await world.run("INSERT INTO people (id, name) VALUES (3, 'late')");
  lease.emit("free");
  const [one, two] = await Promise.all([first, second]);
  expect([one.read, two.read]).toEqual([2, 3]);
  expect(await content(world)).toHaveLength(3);
});

test("a schema is named before a dot, and rejects go beside a file that is named", async () => {
  await using world = await peopleWorld();
  await world.run("CREATE SCHEMA vendors");
  const text = vendor.replace("Acme People", "vendors.people").replace("varchar(40)", "varchar(4)");
  const report = await world.export(text);
  expect(report).toMatchObject({
    output: "vendors.people",
    written: 1,
    rejected: 1,
    rejectsFile: join(world.folder, "out.rejected.ndjson"),
  });
  expect(await world.files()).toEqual(["out.rejected.ndjson"]);
  const nowhere = vendor.replace("Acme People", "nowhere.people");
  await expect(world.export(nowhere, { file: undefined })).rejects.toMatchObject({
    code: "NOT_FOUND",
  });
});

test("a value that the table itself refuses ends the export with its record, and without the value", async () => {
  await using world = await peopleWorld();
  await world.export(vendor, { file: undefined });
  await world.run('ALTER TABLE "Acme People" ADD CHECK ("näme" IS NULL) NOT VALID');
  const refused = world.export(vendor, { file: undefined });
  await expect(refused).rejects.toMatchObject({
    code: "DATABASE_FAILED",
    message: expect.stringContaining("Acme People_näme_check"),
  });
  await expect(refused).rejects.not.toMatchObject({ message: expect.stringContaining("slash") });
  expect(await content(world)).toHaveLength(2);
});

test("records of others do not go with a vendor's: heirs and followers of its table are refused", async () => {
  await using world = await peopleWorld();
  await world.export(vendor, { file: undefined });
  const refusal = async (): Promise<unknown> =>
    await world.export(vendor, { file: undefined }).catch((error: unknown) => error);
  await world.run(
    'CREATE TABLE heir () INHERITS ("Acme People")',
    'INSERT INTO heir ("Id") VALUES (9)',
  );
  expect(await refusal()).toMatchObject({
    code: "REFUSED",
    message:
      'public."Acme People" has tables that inherit from it, whose rows an export would delete: public.heir.',
  });
  await world.run(
    'ALTER TABLE heir NO INHERIT "Acme People"',
    'ALTER TABLE "Acme People" ADD UNIQUE ("Id")',
    'CREATE TABLE notes (id int REFERENCES "Acme People" ("Id") ON DELETE CASCADE)',
    "INSERT INTO notes VALUES (1)",
  );
  expect(await refusal()).toMatchObject({
    code: "REFUSED",
    message:
      'public."Acme People" is referenced by foreign keys that would change other tables when its records are replaced: notes_id_fkey of public.notes.',
  });
  await world.run(
    "ALTER TABLE notes DROP CONSTRAINT notes_id_fkey",
    'ALTER TABLE notes ADD FOREIGN KEY (id) REFERENCES "Acme People" ("Id") DEFERRABLE INITIALLY DEFERRED',
  );
  expect(await world.export(vendor, { file: undefined })).toMatchObject({ written: 2 });
  const { rows } = await world.db.query(
    "SELECT (SELECT count(*) FROM notes) AS notes, (SELECT count(*) FROM heir) AS heirs",
  );
  expect(rows).toEqual([{ notes: 1n, heirs: 1n }]);
});

test.each([
  [
    "a trigger",
    `CREATE FUNCTION keep() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
     CREATE TRIGGER keep BEFORE DELETE ON "Acme People" FOR EACH ROW EXECUTE FUNCTION keep()`,
  ],
  ["a rule", 'CREATE RULE keep AS ON DELETE TO "Acme People" DO INSTEAD NOTHING'],
])("records are not there twice because %s keeps the old ones", async (_what, sql) => {
  await using world = await peopleWorld();
  await world.export(vendor, { file: undefined });
  await world.run(...sql.split(";\n"));
  await expect(world.export(vendor, { file: undefined })).rejects.toMatchObject({
    code: "REFUSED",
    message: 'public."Acme People" keeps its old records.',
  });
  expect(await content(world)).toHaveLength(2);
});

test("any number of exports into tables get by with two connections, and one is told to be too few", async () => {
  await using world = await peopleWorld();
  const { registry, url } = world;
  const blueprint = world.blueprint(vendor);
  await using two = await openPostgres({ url, registry, poolSize: 2 });
  const reports = await Promise.all(
    Array.from(
      { length: 5 },
      async () => await exportVendor({ registry, postgres: two }, { blueprint }),
    ),
  );
  expect(reports.map(({ written }) => written)).toEqual([2, 2, 2, 2, 2]);
  await using one = await openPostgres({ url, registry, poolSize: 1 });
  await expect(exportVendor({ registry, postgres: one }, { blueprint })).rejects.toMatchObject({
    code: "INVALID_OPTIONS",
    hint: "Raise poolSize (DATABASE_POOL_SIZE).",
  });
  expect(await content(world)).toHaveLength(2);
});
