import * as fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createTestDatabase, type TestDatabase } from "../testing/index.ts";
import { runs } from "../testing/random-registry.ts";
import { openPostgres } from "./open-postgres.ts";
import type { Postgres } from "./postgres.ts";
import { quoteIdentifier, quoteLiteral } from "./quote-identifier.ts";

let database: TestDatabase;
let db: Postgres;

beforeAll(async () => {
  database = await createTestDatabase();
  db = await openPostgres({ url: database.url, poolSize: 1 });
});
afterAll(async () => {
  await db.close();
  await database.drop();
});

const text = fc.oneof(
  fc.string({ unit: "binary", maxLength: 15 }).map((value) => value.replaceAll("\0", "")),
  fc.string({ unit: fc.constantFrom("'", '"', "\\", "a", "$", ";", "-", " ", "\n") }),
);

describe("quoting", () => {
  test("keeps names as they are where PostgreSQL would, too: its own keywords are all known", async () => {
    const { rows } = await db.query<{ word: string; quoted: string }>(
      "SELECT word, quote_ident(word) AS quoted FROM pg_get_keywords() UNION SELECT n, quote_ident(n) FROM unnest(ARRAY['a1', '_x', 'A', '1a', 'a$', 'é', '']) AS n",
    );
    expect(rows.length).toBeGreaterThan(400);
    for (const { word, quoted } of rows) expect(quoteIdentifier(word)).toBe(quoted);
  });

  test("of any name and any text is read back the same, whatever standard_conforming_strings says", async () => {
    await fc.assert(
      fc.asyncProperty(text, fc.constantFrom("on", "off"), async (value, conforming) => {
        const name = Buffer.from(value).length > 63 || value === "" ? "x" : value;
        await db.query(
          `SET standard_conforming_strings = ${conforming}; SET escape_string_warning = off`,
        );
        const { rows, columns } = await db.query(
          `SELECT ${quoteLiteral(value)} AS ${quoteIdentifier(name)}`,
        );
        expect(columns.map((column) => column.name)).toEqual([name]);
        expect(Object.values(rows[0] ?? {})).toEqual([value]);
      }),
      { ...runs, numRuns: (runs.numRuns ?? 10) * 10 },
    );
  });
});
