import { parseRegistry } from "@ctb-data/registry";
import { afterAll, describe, expect, test } from "vitest";
import { driftDatabase, idsOf, type DriftDatabase } from "../../testing/drift-database.ts";

const registry = parseRegistry(`
enums:
  mood: [calm, "it's", wild]
tables:
  people:
    columns:
      - { name: id, type: serial, primary_key: true }
      - { name: name, type: varchar(40), nullable: false }
      - { name: email, type: text, unique: true, default: "'none'" }
      - { name: mood, type: mood, default: "'calm'" }
      - { name: age, type: integer }
      - { name: joined, type: timestamptz, default: now(), nullable: false }
      - { name: secret, type: text, encrypted: { blind_index: true } }
    unique: [{ columns: [name, age], name: once }]
    checks:
      - { name: named, expression: "length(name) > 0 AND name <> 'x'" }
      - { name: grown, expression: "age >= 0 OR mood = 'wild'" }
    indexes:
      - { name: by_age, columns: [age] }
      - { name: by_lower, expression: lower(name), unique: true }
      - { name: by_joined, columns: [{ column: joined, order: desc }], where: "mood = 'calm'" }
  Orders:
    columns:
      - { name: id, type: bigserial, primary_key: true }
      - { name: "the person", type: integer, references: people.id }
      - { name: by email, type: text, references: { table: people, column: email, on_delete: cascade } }
      - { name: parent, type: bigint, references: Orders.id }
      - { name: total, type: "numeric(10,2)", default: "0" }
    indexes:
      - { name: of_person, columns: [the person] }
  notes:
    columns: [{ name: text, type: text }, { name: moods, type: "mood[]" }]
`);

/** What is done to the database, and all that must be told of it. Afterwards the findings' own statements mend it. */
const changes: readonly (readonly [sql: string, ids: readonly string[]])[] = [
  ["DROP TABLE notes", ["drift:notes:missing"]],
  ["DROP TABLE people CASCADE", ["drift:people:missing"]],
  [`DROP TABLE people, "Orders"`, [`drift:"Orders":missing`, "drift:people:missing"]],
  [`DROP TABLE "Orders"; ALTER TABLE people DROP COLUMN email`, [`drift:"Orders":missing`, "drift:people.email:missing"]],
  ["ALTER TABLE people DROP COLUMN mood", ["drift:people.mood:missing"]],
  ["ALTER TABLE people DROP COLUMN id CASCADE", ["drift:people.id:missing"]],
  ["ALTER TABLE people DROP COLUMN name, DROP COLUMN age", ["drift:people.age:missing", "drift:people.name:missing"]],
  [`ALTER TABLE "Orders" DROP COLUMN "by email"; ALTER TABLE people DROP COLUMN email`, [`drift:"Orders"."by email":missing`, "drift:people.email:missing"]],
  ["ALTER TABLE people ADD COLUMN extra integer UNIQUE CHECK (extra > 0)", ["drift:people.extra:unknown"]],
  ["ALTER TABLE people ADD COLUMN extra integer NOT NULL", ["drift:people.extra:unknown"]],
  ["ALTER TABLE people ALTER COLUMN name TYPE text", ["drift:people.name:type"]],
  ["ALTER TABLE people ALTER COLUMN email TYPE varchar(9)", ["drift:people.email:type"]],
  ["ALTER TABLE people ALTER COLUMN age TYPE bigint", ["drift:people.age:type"]],
  ["ALTER TABLE people ALTER COLUMN id TYPE bigint", ["drift:people.id:type"]],
  ["ALTER TABLE people ALTER COLUMN secret TYPE varchar(9)", ["drift:people.secret:type"]],
  [`ALTER TABLE "Orders" ALTER COLUMN id TYPE integer`, [`drift:"Orders".id:type`]],
  [`ALTER TABLE "Orders" ALTER COLUMN total TYPE money USING total::money`, [`drift:"Orders".total:type`]],
  ["ALTER TABLE notes ALTER COLUMN moods TYPE text[]", ["drift:notes.moods:type"]],
  ["CREATE DOMAIN word AS text; ALTER TABLE notes ALTER COLUMN text TYPE word", ["drift:notes.text:type"]],
  ["ALTER TABLE notes ALTER COLUMN text TYPE xml USING text::xml", ["drift:notes.text:type"]],
  [`ALTER TABLE people ALTER COLUMN email TYPE text COLLATE "C"`, ["drift:people.email:collation"]],
  ["ALTER TABLE people ALTER COLUMN email SET DEFAULT 'some'", ["drift:people.email:default"]],
  ["ALTER TABLE people ALTER COLUMN joined DROP DEFAULT", ["drift:people.joined:default"]],
  ["ALTER TABLE people ALTER COLUMN name SET DEFAULT lower('X')", ["drift:people.name:default"]],
  ["ALTER TABLE people ALTER COLUMN id DROP DEFAULT", ["drift:people.id:default"]],
  ["ALTER TABLE people ALTER COLUMN id DROP DEFAULT; DROP SEQUENCE people_id_seq", ["drift:people.id:default"]],
  ["ALTER SEQUENCE people_id_seq OWNED BY NONE", ["drift:people.id:default"]],
  ["CREATE SEQUENCE s OWNED BY people.age; ALTER TABLE people ALTER COLUMN age SET DEFAULT nextval('s')", ["drift:people.age:default"]],
  ["ALTER TABLE people ALTER COLUMN id DROP DEFAULT; DROP SEQUENCE people_id_seq; ALTER TABLE people ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY", ["drift:people.id:identity"]],
  ["ALTER TABLE people DROP COLUMN age CASCADE; ALTER TABLE people ADD COLUMN age integer GENERATED ALWAYS AS (length(name)) STORED, ADD CONSTRAINT once UNIQUE (name, age), ADD CONSTRAINT grown CHECK (age >= 0 OR mood = 'wild'); CREATE INDEX by_age ON people (age)", ["drift:people.age:generated"]],
  ["ALTER TABLE people ALTER COLUMN age SET NOT NULL", ["drift:people.age:nullable"]],
  ["ALTER TABLE people ALTER COLUMN name DROP NOT NULL", ["constraint_missing:people.name:not_null"]],
  ["ALTER TYPE mood ADD VALUE 'sad'", ["drift:enum mood:values"]],
  ["ALTER TYPE mood RENAME VALUE 'calm' TO 'sad'", ["drift:enum mood:values", "drift:people.mood:default", "drift:people/by_joined:different"]],
  ["CREATE TYPE more AS ENUM ('a')", ["drift:enum more:unknown"]],
  ["DROP TYPE mood CASCADE", ["drift:enum mood:missing", "drift:notes.moods:missing", "drift:people.mood:missing"]],
  ["ALTER TABLE people DROP CONSTRAINT people_pkey CASCADE", [`constraint_missing:"Orders"/"Orders_the person_fkey"`, "constraint_missing:people/people_pkey"]],
  ["ALTER TABLE people RENAME CONSTRAINT people_pkey TO other", ["drift:people/people_pkey:name"]],
  [`ALTER TABLE "Orders" DROP CONSTRAINT "Orders_pkey" CASCADE; ALTER TABLE "Orders" ADD CONSTRAINT "Orders_pkey" PRIMARY KEY (id, total)`, [`constraint_missing:"Orders"/"Orders_parent_fkey"`, `drift:"Orders"/"Orders_pkey":different`]],
  ["ALTER TABLE notes ADD PRIMARY KEY (text)", ["drift:notes/notes_pkey:unknown"]],
  ["ALTER TABLE people DROP CONSTRAINT once", ["constraint_missing:people/once"]],
  ["ALTER TABLE people RENAME CONSTRAINT once TO twice", ["drift:people/once:name"]],
  ["ALTER TABLE people DROP CONSTRAINT once, ADD CONSTRAINT once UNIQUE (age)", ["drift:people/once:different"]],
  ["ALTER TABLE people DROP CONSTRAINT once, ADD CONSTRAINT once UNIQUE (age, name)", ["drift:people/once:order"]],
  ["ALTER TABLE people DROP CONSTRAINT once, ADD CONSTRAINT once UNIQUE (name, age) DEFERRABLE", ["drift:people/once:different"]],
  ["ALTER TABLE people DROP CONSTRAINT once, ADD CONSTRAINT once UNIQUE NULLS NOT DISTINCT (name, age)", ["drift:people/once:different"]],
  [`ALTER TABLE "Orders" DROP CONSTRAINT "Orders_by email_fkey"; ALTER TABLE people DROP CONSTRAINT people_email_key, ADD CONSTRAINT people_email_key UNIQUE NULLS NOT DISTINCT (email); ALTER TABLE "Orders" ADD CONSTRAINT "Orders_by email_fkey" FOREIGN KEY ("by email") REFERENCES people (email) ON DELETE CASCADE`, ["drift:people/people_email_key:different"]],
  ["ALTER TABLE people DROP CONSTRAINT once; CREATE UNIQUE INDEX once ON people (name, age)", ["drift:people/once:index"]],
  ["ALTER TABLE people ADD CONSTRAINT more UNIQUE (joined)", ["drift:people/more:unknown"]],
  ["ALTER TABLE people DROP CONSTRAINT named", ["constraint_missing:people/named"]],
  ["ALTER TABLE people RENAME CONSTRAINT named TO other", ["drift:people/named:name"]],
  ["ALTER TABLE people DROP CONSTRAINT named, ADD CONSTRAINT named CHECK (length(name) > 1)", ["drift:people/named:different"]],
  ["ALTER TABLE people ADD CHECK (age < 200)", ["drift:people/people_age_check:unknown"]],
  ["ALTER TABLE people DROP CONSTRAINT named, ADD CONSTRAINT named CHECK (length(name) > 0 AND name <> 'x') NOT VALID", ["constraint_not_validated:people/named"]],
  ["DROP INDEX by_age", ["drift:people/by_age:missing"]],
  ["DROP INDEX by_lower", ["constraint_missing:people/by_lower"]],
  ["ALTER INDEX by_age RENAME TO aged", ["drift:people/by_age:name"]],
  ["DROP INDEX by_joined; CREATE INDEX by_joined ON people (joined) WHERE mood = 'calm'", ["drift:people/by_joined:different"]],
  ["DROP INDEX by_joined; CREATE INDEX by_joined ON people (joined DESC)", ["drift:people/by_joined:different"]],
  ["DROP INDEX by_age; CREATE INDEX by_age ON people USING hash (age)", ["drift:people/by_age:different"]],
  ["DROP INDEX by_lower; CREATE INDEX by_lower ON people (lower(name))", ["drift:people/by_lower:different"]],
  ["CREATE INDEX more ON people (lower(email)) INCLUDE (age)", ["drift:people/more:unknown"]],
  ["CREATE UNIQUE INDEX more ON people (joined)", ["drift:people/more:unknown"]],
  ["DROP INDEX by_age; ALTER TABLE people ADD CONSTRAINT x UNIQUE (age)", ["drift:people/by_age:missing", "drift:people/x:unknown"]],
  ["UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'by_age'::regclass", ["drift:people/by_age:invalid"]],
  ["UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'by_lower'::regclass", ["constraint_disabled:people/by_lower"]],
  [`ALTER TABLE "Orders" DROP CONSTRAINT "Orders_parent_fkey"`, [`constraint_missing:"Orders"/"Orders_parent_fkey"`]],
  [`ALTER TABLE "Orders" RENAME CONSTRAINT "Orders_parent_fkey" TO "up"`, [`drift:"Orders"/"Orders_parent_fkey":name`]],
  [`ALTER TABLE "Orders" DROP CONSTRAINT "Orders_by email_fkey", ADD CONSTRAINT "Orders_by email_fkey" FOREIGN KEY ("by email") REFERENCES people (email)`, [`drift:"Orders"/"Orders_by email_fkey":behaviour`]],
  [`ALTER TABLE "Orders" ALTER CONSTRAINT "Orders_by email_fkey" DEFERRABLE INITIALLY DEFERRED`, [`drift:"Orders"/"Orders_by email_fkey":behaviour`]],
  [`ALTER TABLE "Orders" DROP CONSTRAINT "Orders_parent_fkey", ADD CONSTRAINT "Orders_parent_fkey" FOREIGN KEY (parent) REFERENCES "Orders" MATCH FULL`, [`drift:"Orders"/"Orders_parent_fkey":behaviour`]],
  [`ALTER TABLE "Orders" DROP CONSTRAINT "Orders_parent_fkey", ADD CONSTRAINT "Orders_parent_fkey" FOREIGN KEY (parent) REFERENCES people`, [`drift:"Orders"/"Orders_parent_fkey":different`]],
  [`ALTER TABLE "Orders" ADD CONSTRAINT twin FOREIGN KEY (parent) REFERENCES "Orders"`, [`drift:"Orders"/twin:unknown`]],
  ["ALTER TABLE people ADD CONSTRAINT more FOREIGN KEY (age) REFERENCES people", ["drift:people/more:unknown"]],
  [`ALTER TABLE "Orders" DROP CONSTRAINT "Orders_parent_fkey", ADD CONSTRAINT "Orders_parent_fkey" FOREIGN KEY (parent) REFERENCES "Orders" NOT VALID`, [`constraint_not_validated:"Orders"/"Orders_parent_fkey"`]],
  [`ALTER TABLE "Orders" RENAME CONSTRAINT "Orders_parent_fkey" TO up; ALTER TABLE "Orders" ALTER COLUMN id TYPE integer`, [`drift:"Orders".id:type`, `drift:"Orders"/"Orders_parent_fkey":name`]],
  [`ALTER TABLE "Orders" DISABLE TRIGGER ALL`, [`constraint_disabled:"Orders"/"Orders_by email_fkey"`, `constraint_disabled:"Orders"/"Orders_parent_fkey"`, `constraint_disabled:"Orders"/"Orders_the person_fkey"`]],
  ["ALTER TABLE people DISABLE TRIGGER ALL", [`constraint_disabled:"Orders"/"Orders_by email_fkey"`, `constraint_disabled:"Orders"/"Orders_the person_fkey"`]],
]; // prettier-ignore

const opened: DriftDatabase[] = [];
/** One that was mended is as good as a new one. */
let spare: DriftDatabase | undefined;
afterAll(async () => {
  for (const drift of opened) await drift[Symbol.asyncDispose]();
});

async function mendedDatabase(): Promise<DriftDatabase> {
  if (spare) return spare;
  const drift = await driftDatabase(registry);
  opened.push(drift);
  return drift;
}

describe("checkDrift", () => {
  test("a database made of the registry has no drift, nor has one with more schemas, views, comments and statistics", async () => {
    await using drift = await driftDatabase(registry);
    expect(await drift.check()).toEqual([]);
    await drift.db
      .query(`CREATE SCHEMA ctb_data; CREATE TABLE ctb_data.people (x integer); CREATE VIEW v AS SELECT * FROM people;
      COMMENT ON TABLE people IS 'other'; ALTER TABLE people ALTER COLUMN age SET STATISTICS 10; CREATE STATISTICS st ON age, mood FROM people;
      CREATE FUNCTION f() RETURNS integer LANGUAGE sql AS 'SELECT 1'; ALTER TABLE people SET (fillfactor = 70)`);
    expect(await drift.check()).toEqual([]);
  });

  test.each(changes)(
    "%s: is told, that and no more, and is mended by what is told",
    async (sql, ids) => {
      const drift = await mendedDatabase();
      spare = undefined;
      await drift.db.query(sql);
      const findings = await drift.check();
      expect(idsOf(findings)).toEqual(ids);
      await drift.mend(findings);
      expect(await drift.check()).toEqual([]);
      spare = drift;
    },
  );

  test("a column that counts by a sequence of another name gets that one", async () => {
    await using drift = await driftDatabase(registry);
    await drift.db.query(
      "CREATE SEQUENCE s; ALTER TABLE people ALTER COLUMN id SET DEFAULT nextval('s'); DROP SEQUENCE people_id_seq",
    );
    const findings = await drift.check();
    expect(idsOf(findings)).toEqual(["drift:people.id:default"]);
    await drift.mend(findings);
    expect(await drift.check()).toEqual([]);
    expect((await drift.db.readCatalog()).sequences).toContainEqual(
      expect.objectContaining({ name: "s", ownedBy: { table: "people", column: "id" } }),
    );
  });

  test("a name that something else has is told, and nothing is done over it", async () => {
    await using drift = await driftDatabase(registry);
    await drift.db
      .query(`ALTER TABLE people DROP CONSTRAINT once; CREATE UNIQUE INDEX once ON people (name, age) WHERE age > 1;
      DROP INDEX by_lower; CREATE SEQUENCE by_lower`);
    const findings = await drift.check();
    expect(findings).toMatchObject([
      { id: "constraint_missing:people/once", advice: expect.stringContaining("drop the index of people") },
      { id: "constraint_missing:people/by_lower", advice: expect.stringContaining("drop the sequence") },
      { id: "drift:people/once:unknown" },
    ]); // prettier-ignore
    expect(findings.map(({ fix }) => fix)).toEqual([undefined, undefined, undefined]);
    await drift.db.query("DROP SEQUENCE by_lower");
    await drift.mend(findings.toReversed());
    expect(await drift.check()).toEqual([]);
  });

  test("what only the database declares has to hold, too, in tables that the registry does not know among them", async () => {
    await using drift = await driftDatabase(registry);
    await drift.db.query(`CREATE TABLE loose (a integer PRIMARY KEY, b integer REFERENCES loose);
      ALTER TABLE loose ADD CONSTRAINT small CHECK (a < 9) NOT VALID; ALTER TABLE loose DISABLE TRIGGER ALL;
      ALTER TABLE people ADD CONSTRAINT young CHECK (age < 200) NOT VALID`); // prettier-ignore
    const findings = await drift.check();
    expect(idsOf(findings)).toEqual(["constraint_disabled:loose/loose_b_fkey", "constraint_not_validated:loose/small", "constraint_not_validated:people/young", "drift:loose:unknown", "drift:people/young:unknown"]); // prettier-ignore
    await drift.mend(findings.filter(({ fix }) => fix !== undefined));
    expect(idsOf(await drift.check())).toEqual([
      "drift:loose:unknown",
      "drift:people/young:unknown",
    ]);
  });

  test("values that a column has survive what is advised", async () => {
    await using drift = await driftDatabase(registry);
    await drift.db.query(`INSERT INTO people (name, age, mood) VALUES ('Ann', 7, 'wild');
      INSERT INTO people (name, age, mood, email) VALUES ('Bob', NULL, 'it''s', NULL);
      INSERT INTO notes VALUES ('t', '{calm,wild}');
      ALTER TABLE people ALTER COLUMN age TYPE bigint, ALTER COLUMN name TYPE text;
      ALTER TYPE mood ADD VALUE 'sad' BEFORE 'calm'; ALTER TABLE notes ALTER COLUMN moods TYPE text[];
      ALTER TABLE people ALTER COLUMN id DROP DEFAULT`); // prettier-ignore
    await drift.mend(await drift.check());
    expect(await drift.check()).toEqual([]);
    await drift.db.query("INSERT INTO people (name, email) VALUES ('Cid', 'c')");
    const rows = await drift.db.query("SELECT id, name, age, mood::text FROM people ORDER BY id");
    expect(rows.rows).toEqual([
      { id: 1, name: "Ann", age: 7, mood: "wild" },
      { id: 2, name: "Bob", age: null, mood: "it's" },
      { id: 3, name: "Cid", age: null, mood: "calm" },
    ]);
    expect((await drift.db.query("SELECT moods::text FROM notes")).rows).toEqual([
      { moods: "{calm,wild}" },
    ]);
  });
});
