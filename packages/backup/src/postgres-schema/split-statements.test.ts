import * as fc from "fast-check";
import { expect, test } from "vitest";
import { splitStatements } from "./split-statements.ts";

const statements = [
  "SELECT 'a;b', E'it\\'s; \\\\', \"x;\"\"y\", $$ ; $$, $tag$ ; $$ ; $tag$, $1",
  "CREATE RULE r AS ON INSERT TO t DO (DELETE FROM a; DELETE FROM b)",
  "CREATE OR REPLACE FUNCTION f(a integer) RETURNS integer LANGUAGE sql BEGIN ATOMIC SELECT CASE WHEN a > 1 THEN 1 END; SELECT 2; END",
  "CREATE FUNCTION \"begin atomic\"() RETURNS void LANGUAGE sql AS 'BEGIN ATOMIC; END;'",
  "COMMENT ON TABLE t IS '-- no comment; /* nor this'",
  "SELECT a /* ; /* nested ; */ ; */ + 1 -- ;\n FROM t",
  "BEGIN",
  "SELECT a$b$c, 'x\\', end",
  'CREATE TABLE "BEGIN ATOMIC" ("end" text)',
  "SELECT U&'d\\0061t;a', B'1', é;",
].map((sql) => sql.replace(/;$/u, ""));

test("statements come out as they went in, whatever stands between them", () => {
  const between = fc.constantFrom(";\n", ";", " ;\n\n-- a comment; with 'quotes\n", ";/* ; */ ");
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.constantFrom(...statements), between)), (parts) => {
      const text = parts.flat().join("");
      expect(splitStatements(text).map(({ sql }) => sql)).toEqual(parts.map(([sql]) => sql));
    }),
  );
});

test("a comment belongs to the statement after it", () => {
  expect(splitStatements("-- one\nSELECT 1;\n-- two\n\nSELECT 2")).toEqual([
    { comment: "-- one\n", sql: "SELECT 1" },
    { comment: "\n-- two\n\n", sql: "SELECT 2" },
  ]);
});
