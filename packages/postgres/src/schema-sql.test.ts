import { parseRegistry } from "@ctb-data/registry";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { comparableCatalog, comparableRegistry } from "../testing/comparable-schema.ts";
import { createTestDatabase } from "../testing/index.ts";
import { randomRegistry, runs } from "../testing/random-registry.ts";
import { openPostgres } from "./open-postgres.ts";
import { schemaSql } from "./schema-sql.ts";

describe("schemaSql", () => {
  test("writes the seed's tables as a person would", () => {
    const registry = parseRegistry(`
tables:
  clients:
    description: It's people
    columns:
      - { name: id, type: serial, primary_key: true }
      - { name: name, type: varchar(255), nullable: false }
      - { name: email, type: varchar(255), unique: true }
      - { name: created_at, type: timestamp, default: now() }
`);
    expect(schemaSql(registry)).toBe(`-- Made by ctb-data from the column registry: change that, not this file.

CREATE TABLE clients (
  id serial NOT NULL,
  name varchar(255) NOT NULL,
  email varchar(255),
  created_at timestamp DEFAULT now(),
  CONSTRAINT clients_pkey PRIMARY KEY (id),
  CONSTRAINT clients_email_key UNIQUE (email)
);
COMMENT ON TABLE clients IS 'It''s people';
`);
  });

  test("makes tables in an order in which foreign keys can be made, and closes circles afterwards", () => {
    const registry = parseRegistry(`
tables:
  a: { columns: [{ name: id, type: serial, pk: true }, { name: b_id, type: integer, references: b.id }] }
  b: { columns: [{ name: id, type: serial, pk: true }, { name: a_id, type: integer, references: a.id }] }
`);
    const sql = schemaSql(registry);
    expect(sql.match(/CREATE TABLE \w+|ALTER TABLE .*/g)).toEqual([
      "CREATE TABLE b",
      "CREATE TABLE a",
      "ALTER TABLE b ADD CONSTRAINT b_a_id_fkey FOREIGN KEY (a_id) REFERENCES a (id);",
    ]);
  });

  test("a database made of it has what the registry says, for any registry", async () => {
    await fc.assert(
      fc.asyncProperty(randomRegistry, async (registry) => {
        await using database = await createTestDatabase();
        await using db = await openPostgres({ url: database.url, registry });
        await db.query(schemaSql(registry));
        expect(comparableCatalog(await db.readCatalog())).toEqual(comparableRegistry(registry));
        expect(schemaSql(registry)).toBe(schemaSql(registry));
      }),
      runs,
    );
  });
});
