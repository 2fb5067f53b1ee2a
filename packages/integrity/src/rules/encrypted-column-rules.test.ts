import { randomBytes } from "node:crypto";
import { parseKeyring, type Keyring } from "@ctb-data/models";
import { openPostgres, quoteLiteral, schemaSql, type Postgres } from "@ctb-data/postgres";
import { createTestDatabase, type TestDatabase } from "@ctb-data/postgres/testing";
import { parseRegistry } from "@ctb-data/registry";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { runRules, type Broken } from "../../testing/rules-run.ts";
import type { RowRule } from "../rows/row-rule.ts";
import { columnRules, uncheckedColumns } from "./column-rules.ts";

const registry = parseRegistry(String.raw`
tables:
  people:
    columns:
      - { name: id, type: integer, pk: true }
      - { name: tax, type: text, pattern: '^\d+$', max: 6, encrypted: { blind_index: true } }
      - { name: other, type: text, encrypted: true }
      - { name: born, type: date, encrypted: { blind_index: { bits: 36, column: "Born index" } } }
      - { name: scores, type: "integer[]", max: 10, encrypted: true }
      - { name: email, type: text, format: email, nullable: false, encrypted: { blind_index: { normalize: lowercase } } }
`);

const [oldKey, newKey, foreignKey] = [1, 2, 3].map(() => randomBytes(32).toString("hex"));
const keyring = parseKeyring(`${newKey},${oldKey}`);

let database: TestDatabase;
let postgres: Postgres;

beforeEach(async () => {
  database = await createTestDatabase();
  postgres = await openPostgres({ url: database.url, registry, keyring });
  await postgres.query(schemaSql(registry).replaceAll(/--.*/g, ""));
});

afterEach(async () => {
  await postgres.close();
  await database.drop();
});

async function rulesWith(ring: Keyring | undefined): Promise<readonly RowRule[]> {
  const { tables } = await postgres.readCatalog({ schemas: ["public"] });
  const [live] = tables;
  if (live === undefined) throw new Error("no table");
  return columnRules({ registry, table: registry.tables.get("people"), live, keyring: ring });
}

async function brokenWith(ring: Keyring | undefined): Promise<Broken> {
  return await runRules(postgres, "people", await rulesWith(ring));
}

/** What a keyring makes of a text in a column of people. */
function sealed(column: string, text: string, ring = keyring): string {
  return ring.cipherOf({ table: "people", column }).encrypt(text);
}

async function insertGood(): Promise<void> {
  await postgres.table("people").insert([
    {
      id: 1,
      tax: "123",
      other: "",
      born: "0044-03-15 BC",
      scores: [1, null],
      email: "A@b.example",
    },
    { id: 2, tax: null, other: null, born: null, scores: null, email: "b@b.example" },
  ]);
  await postgres.close();
  const before = await openPostgres({
    url: database.url,
    registry,
    keyring: parseKeyring(oldKey ?? ""),
  });
  await before.table("people").insert({
    id: 3,
    tax: "999999",
    other: "x",
    born: "infinity",
    scores: [],
    email: "c@b.example",
  });
  await before.close();
  postgres = await openPostgres({ url: database.url, registry, keyring });
}

async function change(id: number, column: string, value: string | null): Promise<void> {
  const literal = value === null ? "NULL" : quoteLiteral(value);
  await postgres.query(`UPDATE people SET "${column}" = ${literal} WHERE id = ${id}`);
}

describe("an encrypted column", () => {
  beforeEach(insertGood);

  it("keeps all rules with values under the keys of the ring, old ones too", async () => {
    expect(await brokenWith(keyring)).toStrictEqual({});
    expect(await brokenWith(undefined)).toStrictEqual({});
  });

  it("is found with clear text, of a key that nobody has, changed, cut off, or from another column", async () => {
    await change(1, "other", "clear");
    await change(2, "other", sealed("other", "x", parseKeyring(foreignKey ?? "")));
    await change(3, "other", sealed("tax", "1"));
    await change(1, "scores", sealed("scores", "{1}").replace(/.{4}$/, "AAAA"));
    await change(2, "scores", sealed("scores", "{1}").slice(0, 40));
    await change(3, "scores", "");
    expect(await brokenWith(keyring)).toStrictEqual({
      "clear_text:people.other": ["1"],
      "unknown_key:people.other": ["2"],
      "undecryptable:people.other": ["3"],
      "undecryptable:people.scores": ["1", "2"],
      "clear_text:people.scores": ["3"],
    });
    expect(await brokenWith(undefined)).toStrictEqual({
      "clear_text:people.other": ["1"],
      "undecryptable:people.scores": ["2"],
      "clear_text:people.scores": ["3"],
    });
  });

  it("is found when the value inside breaks a rule of the column", async () => {
    await change(1, "email", sealed("email", "nobody"));
    await change(2, "scores", sealed("scores", "{1,11}"));
    await change(3, "scores", sealed("scores", "[0:1]={1,2}"));
    const index = keyring
      .cipherOf({ table: "people", column: "tax" })
      .blindIndex("12345678x", { normalize: "none", bits: 64 });
    await change(3, "tax", sealed("tax", "12345678x"));
    await change(3, "tax_bidx", index);
    expect(await brokenWith(keyring)).toStrictEqual({
      "format:people.email": ["1"],
      "blind_index:people.email_bidx": ["1"],
      "range:people.scores": ["2"],
      "invalid_value:people.scores": ["3"],
      "length:people.tax": ["3"],
      "pattern:people.tax": ["3"],
    });
  });

  it("is found with a blind index that is of another value, is missing, or stands alone", async () => {
    await postgres.query(
      `UPDATE people SET tax_bidx = (SELECT tax_bidx FROM people WHERE id = 3) WHERE id = 1`,
    );
    await postgres.query(`UPDATE people SET "Born index" = '00' WHERE id IN (2, 3)`);
    await postgres.query(`UPDATE people SET "Born index" = NULL WHERE id = 1`);
    expect(await brokenWith(keyring)).toStrictEqual({
      "blind_index:people.tax_bidx": ["1"],
      "blind_index:people.Born index": ["1", "2", "3"],
    });
    expect(await brokenWith(undefined)).toStrictEqual({
      "blind_index:people.Born index": ["1", "2", "3"],
    });
  });

  it("is found with a null once, where that is not allowed", async () => {
    await postgres.query(
      "ALTER TABLE people ALTER COLUMN email DROP NOT NULL, ALTER COLUMN email_bidx DROP NOT NULL",
    );
    await change(1, "email", null);
    await change(2, "email_bidx", null);
    expect(await brokenWith(keyring)).toStrictEqual({
      "null:people.email": ["1"],
      "null:people.email_bidx": ["2"],
    });
  });
});

it("the values of encrypted columns and blind indexes are hidden, and no detail has them", async () => {
  const rules = (await rulesWith(keyring)).filter(({ subject }) => !subject.columns.includes("id"));
  expect(rules.length).toBeGreaterThan(15);
  expect(rules.filter(({ subject }) => !subject.hidden)).toStrictEqual([]);
  const format = rules.find(({ subject }) => subject.id === "format:people.email");
  const detail =
    format !== undefined && "breaks" in format ? format.breaks([sealed("email", "nobody")]) : "";
  expect(detail).toBe("is not an e-mail address");
});

it("what is not checked without a keyring is said, for each column", async () => {
  const { tables } = await postgres.readCatalog({ schemas: ["public"] });
  const [live] = tables;
  if (live === undefined) throw new Error("no table");
  const options = { registry, table: registry.tables.get("people"), live };
  expect(uncheckedColumns({ ...options, keyring })).toStrictEqual([]);
  expect(uncheckedColumns(options)[0]).toBe(
    "The values of people.tax were not decrypted, because no keyring was given: only their form was checked.",
  );
  expect(uncheckedColumns(options)).toHaveLength(5);
});
