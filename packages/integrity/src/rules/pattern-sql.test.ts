import { openPostgres, quoteLiteral, type Postgres } from "@ctb-data/postgres";
import { createTestDatabase, type TestDatabase } from "@ctb-data/postgres/testing";
import * as fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { patternSql } from "./pattern-sql.ts";

const runs = { numRuns: process.env["SLOW"] === undefined ? 200 : 2000 };

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

/** Which of the texts PostgreSQL says match. */
async function matches(pattern: string, texts: readonly string[]): Promise<readonly boolean[]> {
  const list = texts.map(quoteLiteral).join(", ");
  const { rows } = await postgres.query<{ matches: boolean }>(
    `SELECT text COLLATE "C" ~ ${quoteLiteral(pattern)} AS matches FROM unnest(ARRAY[${list}]::text[]) WITH ORDINALITY t (text, place) ORDER BY place`,
  );
  return rows.map((row) => row.matches);
}

const atom = fc.oneof(
  fc.constantFrom(
    "a",
    "b",
    "Z",
    "1",
    "_",
    " ",
    "-",
    ".",
    "\\.",
    "\\d",
    "\\D",
    "\\w",
    "\\W",
    "\\s",
    "\\S",
    "\\n",
    "\\/",
    "^",
    "$",
    "[ab]",
    "[^a]",
    "[a-c_-]",
    "[+-/]",
    "[^\\d\\s]",
    "[\\]\\\\]",
    "[.*]",
    "\\$",
  ),
);
const repeat = fc.constantFrom("", "", "", "*", "+", "?", "*?", "{2}", "{0,2}", "{1,}?");
/** A repetition of repetitions, such as `(a*)*`, is tried in exponentially many ways by an engine that backtracks. */
const fewTimes = fc.constantFrom("", "", "?", "{2}");
const plainGroup = /^(?!\((?:\?:)?.*[*+?{|(].*\)$)/su;
const group = fc.constantFrom("(?:", "(");

const pattern: fc.Arbitrary<string> = fc.letrec<{ one: string; many: string }>((tie) => ({
  one: fc
    .oneof(
      { depthSize: "small" },
      atom,
      fc.tuple(group, tie("many")).map(([open, inside]) => `${open}${inside})`),
    )
    .chain((text) =>
      (plainGroup.test(text) ? repeat : fewTimes).map((times) =>
        text === "^" || text === "$" ? text : text + times,
      ),
    ),
  many: fc
    .array(
      fc.array(tie("one"), { minLength: 1, maxLength: 3 }).map((items) => items.join("")),
      { minLength: 1, maxLength: 2 },
    )
    .map((items) => items.join("|")),
})).many;

const text = fc
  .array(
    fc.constantFrom(
      "a",
      "b",
      "Z",
      "1",
      "12",
      "_",
      " ",
      "-",
      ".",
      "/",
      "+",
      "é",
      "🌍",
      "\n",
      "\r",
      "\u2028",
      "\u00a0",
      "\\",
      "]",
      "$",
      "^",
    ),
    { maxLength: 6 },
  )
  .map((items) => items.join(""));

describe("a pattern for PostgreSQL", () => {
  it("matches the same texts as in JavaScript", async () => {
    await fc.assert(
      fc.asyncProperty(
        pattern,
        fc.array(text, { minLength: 20, maxLength: 20 }),
        async (source, texts) => {
          const sql = patternSql(source) ?? "(not translated";
          const expression = new RegExp(source, "u");
          expect(await matches(sql, texts)).toStrictEqual(texts.map((one) => expression.test(one)));
        },
      ),
      runs,
    );
  });

  it.each([
    ["a look-ahead", "^(?=a)b"],
    ["a look-behind", "(?<!a)b"],
    ["a back reference", "(a)\\1"],
    ["a class of Unicode", "\\p{L}"],
    ["the edge of a word", "\\ba"],
    ["a letter beyond ASCII", "é"],
    ["a code point", "\\u{1f30d}"],
    ["more repetitions than PostgreSQL has", "a{256}"],
    ["repetitions that become too many", "(?:(?:a{200}){200}){200}"],
    ["nothing", ""],
    ["an empty set", "a[]"],
  ])("is none for %s", (_name, source) => {
    expect(patternSql(source)).toBeUndefined();
  });

  it("has no names of groups", () => {
    expect(patternSql("^(?<year>[0-9]{4})-(?<month>[0-9]+)$")).toBe(
      String.raw`^(?:[0123456789]{4})\-(?:[0123456789]+)$`,
    );
  });

  it("is one that PostgreSQL does not find too complex", async () => {
    const sql = patternSql("^(?:[a-z]{1,200}|[0-9]{1,200}){1,4}$") ?? "";
    expect(await matches(sql, ["a1", "A"])).toStrictEqual([true, false]);
  });
});
