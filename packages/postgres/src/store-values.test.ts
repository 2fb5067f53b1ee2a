import { modelClass, parseKeyring } from "@ctb-data/models";
import { parseRegistry } from "@ctb-data/registry";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { createTestDatabase, type TestDatabase } from "../testing/index.ts";
import { openPostgres } from "./open-postgres.ts";
import type { Postgres } from "./postgres.ts";
import { schemaSql } from "./schema-sql.ts";
import type { TableStore } from "./table-store.ts";

const registry = parseRegistry(`
tables:
  patients:
    columns:
      - { name: id, type: integer, pk: true }
      - { name: ssn, type: text, encrypted: { blind_index: { normalize: lowercase, bits: 32 } } }
      - { name: salary, type: numeric, encrypted: true }
      - { name: ward, type: text }
  wards:
    columns: [{ name: id, type: serial, pk: true }]
`);
const keyring = parseKeyring(
  Buffer.from(Uint8Array.from({ length: 32 }, (_, i) => i * 7)).toString("base64"),
);

let database: TestDatabase;
let db: Postgres;

beforeAll(async () => {
  database = await createTestDatabase();
  db = await openPostgres({ url: database.url, registry, keyring });
  await db.query(schemaSql(registry));
});
afterAll(async () => {
  await db.close();
  await database.drop();
});
beforeEach(async () => {
  await db.query("TRUNCATE patients, wards RESTART IDENTITY");
});

const patients = (): TableStore => db.table("patients");

describe("encrypted columns", () => {
  test("are ciphertext in the database and plain in the model", async () => {
    const value = { id: 1, ssn: "ABC-1", salary: "10.50", ward: "x" };
    expect(await patients().insert(value)).toMatchObject(value);
    expect(await patients().get(1)).toMatchObject(value);
    const { rows } = await db.query("SELECT * FROM patients");
    expect(JSON.stringify(rows)).not.toMatch(/ABC-1|10\.50/);
    expect(rows[0]).toMatchObject({
      ssn: expect.stringMatching(/^ctb1\./),
      salary: expect.stringMatching(/^ctb1\./),
    });
    expect((await patients().find({ ssn: null })).length).toBe(0);
  });

  test("are found by equal values, and by no other of the same hash", async () => {
    const rows = Array.from({ length: 20 }, (_, id) => ({ id, ssn: `Ssn-${id}` }));
    await patients().insert(rows);
    const index = registry.tables.get("patients")?.columns.get("ssn")?.encryption
      ?.blindIndex?.column;
    // As if all of them had the same hash.
    await db.query(`UPDATE patients SET ${index} = (SELECT ${index} FROM patients WHERE id = 7)`);
    const one = { ssn: " SSN-7 " };
    const ids = async (...args: Parameters<TableStore["find"]>): Promise<unknown[]> =>
      (await patients().find(...args)).map((row) => row["id"]);
    expect(await ids(one)).toEqual([7]);
    expect(await ids(one, { limit: 1 })).toEqual([7]);
    expect(await ids(one, { limit: 1, offset: 1 })).toEqual([]);
    expect(await patients().count(one)).toBe(1);
    expect(await ids({ ssn: ["ssn-7", "ssn-8", "ssn-99"] }, { orderBy: { id: "desc" } })).toEqual([
      8, 7,
    ]);
    expect(await ids({ ssn: { in: ["ssn-7"] }, id: { gt: 7 } })).toEqual([]);
  });

  test("are changed with their hash, and cannot be compared, ordered or changed by", async () => {
    await patients().insert({ id: 1, ssn: "a", salary: "1" });
    await patients().update(1, { ssn: "b" });
    expect(await patients().count({ ssn: "a" })).toBe(0);
    expect(await patients().count({ ssn: "b" })).toBe(1);
    await patients().upsert({ id: 1, ssn: "c", salary: "2" });
    expect(await patients().get(1)).toMatchObject({ ssn: "c", salary: "2" });
    expect(await patients().count({ ssn: "c" })).toBe(1);
    const refused = { code: "UNSUPPORTED" };
    await expect(patients().find({ ssn: { gt: "a" } })).rejects.toMatchObject(refused);
    await expect(patients().find({ salary: "2" })).rejects.toMatchObject(refused);
    await expect(patients().find({}, { orderBy: { ssn: "asc" } })).rejects.toMatchObject(refused);
    await expect(patients().delete({ ssn: "c" })).rejects.toMatchObject(refused);
  });

  test("need the keyring of the database, and instances have it", async () => {
    const Patient = modelClass<{
      value: { id?: number; ssn?: string | null };
      input: { id: number; ssn?: string };
      row: object;
      document: object;
    }>({
      name: "patients",
      primaryKey: ["id"],
      columns: [...(registry.tables.get("patients")?.columns.values() ?? [])],
    });
    const patient = await db.table(Patient).insert({ id: 1, ssn: "s" });
    expect(patient).toBeInstanceOf(Patient);
    expect(patient.ssn).toBe("s");
    expect(patient.toRow()).toMatchObject({ ssn: expect.stringMatching(/^ctb1\./) });

    await using keyless = await openPostgres({ url: database.url, registry });
    await expect(keyless.table("patients").get(1)).rejects.toMatchObject({ code: "NO_KEYRING" });
    await expect(keyless.table("patients").insert({ id: 2, ssn: "x" })).rejects.toMatchObject({
      code: "NO_KEYRING",
    });
    expect(await keyless.table("wards").count()).toBe(0);
  });

  test("go through COPY, whole or some of them", async () => {
    await db.copyIn("patients", [
      { id: 1, ssn: "a", salary: "5" },
      { id: 2, ssn: null, salary: null },
    ]);
    expect(JSON.stringify((await db.query("SELECT * FROM patients")).rows)).not.toContain('"a"');
    expect(await patients().count({ ssn: "a" })).toBe(1);
    const some: unknown[] = [];
    for await (const row of db.copyOut("patients", { columns: ["salary", "ward"] })) some.push(row);
    expect(some).toEqual([
      { salary: "5", ward: null },
      { salary: null, ward: null },
    ]);
  });
});
