import { expect, test } from "vitest";
import { parseJsonPath } from "./json-path.ts";
import { columnsIn, readSql } from "./sql-expression.ts";

const columns = new Set(["a", "b", "date", "Odd Name", "text"]);

test.each([
  ["a > 0", ["a"]],
  ["A > 0 AND b > a", ["a", "b"]],
  ['"a" > "Odd Name"', ["a", "Odd Name"]],
  ['"A" > 0', []],
  ["a::text = 'b'", ["a"]],
  ["cast(a as text)", ["a"]],
  ["date '2026-01-31' < b", ["b"]],
  ["date > b", ["date", "b"]],
  ["a(b)", ["b"]],
  ["t.a > 0", ["a"]],
  ["a.x > 0", []],
  ["E'it\\'s a' || $$b$$ || $q$ a $q$", []],
  ["'it''s' || \"a\"", ["a"]],
  ["b = ANY (ARRAY[1, 2])", ["b"]],
])("%s mentions %j", (sql, expected) => {
  const read = readSql(sql);
  expect("tokens" in read ? columnsIn(read.tokens, columns) : read.fault).toEqual(expected);
});

test.each([
  ["a > 0 /* x */", "it has a comment"],
  ["a > (0]", "the bracket ] closes nothing"],
  ["a > 'x", "the quote ' does not end"],
  ['"a > 0', 'the quote " does not end'],
  ["x".repeat(10_001), "it is longer than 10000 characters"],
])("%s is no expression", (sql, fault) => {
  expect(readSql(sql)).toEqual({ fault });
});

test.each([
  ["a", ["a"]],
  ["$.a.b", ["a", "b"]],
  ["a[0].b[12]", ["a", 0, "b", 12]],
  ["[0]", [0]],
  ['a["b.c \\"d\\""]', ["a", 'b.c "d"']],
  ["GICS Sector", ["GICS Sector"]],
  ["__proto__", ["__proto__"]],
])("the JSON path %s has its steps", (path, steps) => {
  expect(parseJsonPath(path)).toEqual(steps);
});

test.each(["", "$", "a..b", "a.", ".a", "a[x]", "a[-1]", 'a["', "a]"])(
  "%j is no JSON path",
  (path) => {
    expect(parseJsonPath(path)).toBeUndefined();
  },
);
