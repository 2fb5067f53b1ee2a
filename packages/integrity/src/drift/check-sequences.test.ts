import { openPostgres, type Postgres } from "@ctb-data/postgres";
import { createTestDatabase, type TestDatabase } from "@ctb-data/postgres/testing";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { idsOf } from "../../testing/drift-database.ts";
import type { Finding } from "../finding.ts";
import { checkSequences } from "./check-sequences.ts";

let database: TestDatabase;
let db: Postgres;

beforeAll(async () => {
  database = await createTestDatabase();
  db = await openPostgres({ url: database.url });
});
afterAll(async () => {
  await db.close();
  await database.drop();
});

async function mend(findings: readonly Finding[]): Promise<void> {
  for (const statement of findings.flatMap(({ fix }) => fix?.statements ?? [])) {
    await db.query(statement);
  }
}

describe("checkSequences", () => {
  test("tells every sequence that would give a value again, and mends it", async () => {
    await db.query(`
      CREATE SCHEMA "Odd one"; SET search_path = "Odd one";
      CREATE TABLE "or ders" (id serial PRIMARY KEY, other bigint GENERATED ALWAYS AS IDENTITY, fine serial, n numeric);
      CREATE SEQUENCE down INCREMENT -1; CREATE SEQUENCE often CYCLE; CREATE SEQUENCE shared;
      CREATE TABLE b (d integer DEFAULT nextval('down'), o integer DEFAULT nextval('often'), s bigint DEFAULT nextval('shared'));
      CREATE TABLE p (id bigserial) PARTITION BY RANGE (id);
      CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (0) TO (100);
      ALTER TABLE "or ders" ALTER COLUMN n SET DEFAULT nextval('shared');
      INSERT INTO "or ders" (id, other, n) OVERRIDING SYSTEM VALUE VALUES (1, 9223372036854775806, 5), (2, 1, 7);
      INSERT INTO b VALUES (-3, 5, 1); INSERT INTO p1 VALUES (42);
      RESET search_path`); // prettier-ignore
    const findings = await checkSequences(db, { schema: "Odd one" });
    expect(idsOf(findings)).toEqual([
      `drift:"or ders".id:sequence`,
      `drift:"or ders".n:sequence`,
      `drift:"or ders".other:sequence`,
      "drift:b.d:sequence",
      "drift:b.s:sequence",
      "drift:p.id:sequence",
    ]);
    expect(findings[0]).toMatchObject({
      kind: "drift",
      severity: "warning",
      count: 1,
      examples: [],
      message: expect.stringMatching(/behind/),
    });
    await mend(findings);
    expect(await checkSequences(db, { schema: "Odd one" })).toEqual([]);
    const next = `SELECT nextval('"Odd one"."or ders_id_seq"') AS id, nextval('"Odd one".down') AS d, nextval('"Odd one".shared') AS s`;
    expect((await db.query(next)).rows).toEqual([{ id: 3n, d: -4n, s: 8n }]);
  });

  test("one that was never used is behind when its first value is taken, and not before", async () => {
    await db.query("CREATE TABLE public.fresh (id serial, x integer)");
    expect(await checkSequences(db, { schema: "public", tables: ["fresh"] })).toEqual([]);
    await db.query("INSERT INTO public.fresh (id) VALUES (1)");
    const findings = await checkSequences(db, { schema: "public", tables: ["fresh"] });
    expect(idsOf(findings)).toEqual(["drift:fresh.id:sequence"]);
    expect(await checkSequences(db, { schema: "public", tables: ["other"] })).toEqual([]);
    await mend(findings);
    await db.query("INSERT INTO public.fresh DEFAULT VALUES");
    expect((await db.query("SELECT id FROM public.fresh ORDER BY id")).rows).toEqual([
      { id: 1 },
      { id: 2 },
    ]);
  });

  test("the fix takes nothing back that others have counted meanwhile", async () => {
    await db.query("CREATE TABLE public.busy (id serial); INSERT INTO public.busy VALUES (10)");
    const findings = await checkSequences(db, { schema: "public", tables: ["busy"] });
    await db.query("SELECT setval('public.busy_id_seq', 50)");
    await mend(findings);
    expect((await db.query("SELECT nextval('public.busy_id_seq') AS next")).rows).toEqual([
      { next: 51n },
    ]);
  });
});
