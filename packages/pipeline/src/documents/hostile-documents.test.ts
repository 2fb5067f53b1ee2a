import { modelOf, type ModelValue } from "@ctb-data/models";
import { openPostgres, schemaSql, type Postgres } from "@ctb-data/postgres";
import { createTestDatabase } from "@ctb-data/postgres/testing";
import type { Registry, Table } from "@ctb-data/registry";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { arbitraryField } from "../../testing/arbitrary-field.ts";
import { everyColumn, randomRegistry } from "../../testing/every-column.ts";
import { rawLineOf } from "../../testing/intake-world.ts";
import { compileIntakeDocuments } from "./compile-intake-documents.ts";
import { FieldReader } from "./field-reader.ts";
import type { IntakeDocuments } from "./intake-document.ts";

/** Much is asked of each example. */
const numRuns = process.env["SLOW"] === "1" ? 100 : 10;
const database = "projects/p/databases/(default)";
const raw = {
  database,
  lineOf: (): string => {
    throw new Error("Nothing is written here.");
  },
};

function thingsOf(registry: Registry): Table {
  const table = registry.tables.get("things");
  if (table === undefined) throw new Error("There is a table of things.");
  return table;
}

const documentsOf = (registry: Registry): IntakeDocuments =>
  compileIntakeDocuments({ registry, table: "things", collection: "intake", firestore: { raw } });

const columnNames = (registry: Registry): readonly string[] => [
  ...thingsOf(registry).columns.keys(),
];

const fieldOf = (field: object): object =>
  JSON.parse(JSON.stringify(field).replaceAll('"@/', `"${database}/documents/`));

test("the short way reads every field as the long way does, and nothing that a field can hold makes either throw", () => {
  const readers = [...thingsOf(everyColumn).columns.values()].map(
    (column) => new FieldReader(thingsOf(everyColumn), column, { database }),
  );
  fc.assert(
    fc.property(arbitraryField, (given) => {
      const field = fieldOf(given);
      for (const reader of readers)
        expect([reader.column.name, reader.read(field)]).toEqual([
          reader.column.name,
          reader.readLong(field),
        ]);
    }),
    { numRuns: numRuns * 50 },
  );
});

test("a document is judged as the model judges its fields, in any registry", () => {
  fc.assert(
    fc.property(randomRegistry, fc.infiniteStream(arbitraryField), (registry, stream) => {
      const table = thingsOf(registry);
      const model = modelOf(table);
      const names = columnNames(registry);
      const fields = Object.fromEntries(
        names.flatMap((name, index) => (index % 5 === 4 ? [] : [[name, stream.next().value]])),
      );
      const line = rawLineOf(database, "intake/1", fields);
      const read = documentsOf(registry).read("intake/1", line, 1);
      const accepted = (value: object): boolean => {
        try {
          model.parse(value);
          return true;
        } catch {
          return false;
        }
      };
      // What was accepted is a row of the model; what was not has a failure for a column of its own.
      expect(read.row === undefined || accepted(read.row)).toBe(true);
      expect(read.row === undefined).toBe(read.failures.length > 0);
      for (const { field, message } of read.failures) {
        expect(names).toContain(field);
        expect(message).toMatch(/\.$/);
      }
      const missing = [...table.columns.values()]
        .filter(({ name, nullable }) => !nullable && !Object.hasOwn(fields, name))
        .map(({ name }) => name);
      const found = read.failures.filter(({ field }) => !Object.hasOwn(fields, field));
      expect(found.map(({ field, code }) => [field, code])).toEqual(
        missing.map((field) => [field, "missing"]),
      );
    }),
    { numRuns: numRuns * 10 },
  );
});

test("PostgreSQL takes every row that was read from a document, and gives it back as it was", async () => {
  await using created = await createTestDatabase();
  await using postgres = await openPostgres({ url: created.url, registry: everyColumn });
  await postgres.query(schemaSql(everyColumn));
  await postgres.query(
    "ALTER TABLE things ADD COLUMN position bigint GENERATED ALWAYS AS IDENTITY",
  );
  const documents = documentsOf(everyColumn);
  const names = columnNames(everyColumn);
  const rows: Record<string, ModelValue>[] = [];
  fc.assert(
    fc.property(fc.constantFrom(...names), arbitraryField, (name, field) => {
      const line = rawLineOf(database, "intake/1", { [name]: field });
      const { row } = documents.read("intake/1", line, 1);
      if (row !== undefined)
        rows.push(Object.fromEntries(names.map((each) => [each, row[each] ?? null])));
    }),
    { numRuns: numRuns * 500 },
  );
  expect(rows.length).toBeGreaterThan(numRuns * 25);
  expect(await refusedOf(postgres, rows)).toEqual([]);
  const found: unknown[] = [];
  const query = "SELECT * FROM things ORDER BY position";
  for await (const { position: _, ...row } of postgres.copyOut({ query })) found.push(row);
  expect(found).toEqual(rows);
});

/** Writes all that PostgreSQL takes, and gives what it does not. */
async function refusedOf(postgres: Postgres, rows: readonly object[]): Promise<readonly unknown[]> {
  const refused: unknown[] = [];
  let rest = rows;
  for (;;) {
    try {
      await postgres.copyIn("things", rest);
      return refused;
    } catch (error) {
      const at = Number(Object(error).row) - 1;
      if (!(at >= 0)) throw error;
      refused.push(String(error).slice(0, 300));
      rest = rest.toSpliced(at, 1);
    }
  }
}
