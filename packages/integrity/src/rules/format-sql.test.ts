import { modelOf } from "@ctb-data/models";
import { openPostgres, quoteLiteral, type Postgres } from "@ctb-data/postgres";
import { createTestDatabase, type TestDatabase } from "@ctb-data/postgres/testing";
import type { ColumnFormat } from "@ctb-data/registry";
import * as fc from "fast-check";
import { afterAll, beforeAll, expect, it } from "vitest";
import { plainFormats } from "./format-sql.ts";

const runs = { numRuns: process.env["SLOW"] === undefined ? 100 : 1000 };
const formats = ["email", "url", "uri", "hostname", "ipv4", "ipv6", "phone", "slug"] as const;

let database: TestDatabase;
let postgres: Postgres;

beforeAll(async () => {
  database = await createTestDatabase();
  postgres = await openPostgres({ url: database.url });
});

afterAll(async () => {
  await postgres.close();
  await database.drop();
});

function accepts(format: ColumnFormat): (text: string) => boolean {
  const type = { name: "text", kind: "text", dimensions: 0 } as const;
  const schema = modelOf({
    name: "things",
    columns: new Map([["value", { name: "value", nullable: true, type, format }]]),
  }).shape["value"];
  return (text) => schema?.safeParse(text).success === true;
}

it.each(formats)("a text that is plainly of the format %s is so for the model", (format) => {
  const isAccepted = accepts(format);
  fc.assert(
    fc.property(fc.stringMatching(new RegExp(plainFormats[format])), (text) => {
      expect(isAccepted(text)).toBe(true);
    }),
    runs,
  );
});

it.each([
  ["email", "Ann.O+neil@mail.example.org"],
  ["url", "https://example.org/a/b.html"],
  ["uri", "https://example.org"],
  ["hostname", "db1.example.org"],
  ["ipv4", "192.168.0.1"],
  ["ipv6", "2001:db8:0:0:0:0:0:1"],
  ["phone", "+31201234567"],
  ["slug", "a-b-1"],
] as const)("PostgreSQL sees that a usual text is of the format %s", async (format, text) => {
  const { rows } = await postgres.query(
    `SELECT ${quoteLiteral(text)} COLLATE "C" ~ ${quoteLiteral(plainFormats[format])} AS plain, ${quoteLiteral(`${text}\n`)} COLLATE "C" ~ ${quoteLiteral(plainFormats[format])} AS lines`,
  );
  expect(rows).toStrictEqual([{ plain: true, lines: false }]);
});
