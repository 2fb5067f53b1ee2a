import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { formatFieldPath, parseFieldPath } from "./field-path.ts";

const anyName = fc.string({ unit: "binary", minLength: 1, maxLength: 6 });
describe("the text of a field path", () => {
  test("is read as the names that it was made of, whatever is in them", () => {
    const names = fc.array(
      fc.oneof(anyName, fc.constantFrom("`", "\\", "a.b", "``", "\\`", "\n", "__proto__", "é")),
      { minLength: 1, maxLength: 4 },
    );
    fc.assert(
      fc.property(names, (path) => {
        expect(parseFieldPath(formatFieldPath(path))).toEqual(path);
      }),
      { numRuns: 1000 },
    );
  });

  test.each([
    ["a", ["a"]],
    ["_a1.B", ["_a1", "B"]],
    ["`a.b`.c", ["a.b", "c"]],
    ["a.`1`", ["a", "1"]],
    ["`\\``", ["`"]],
    ["`\\\\`", ["\\"]],
    ["`\\a`", ["a"]],
    ["`ü`", ["ü"]],
  ])("%s is %j", (text, path) => {
    expect(parseFieldPath(text)).toEqual(path);
  });

  test.each([
    ".",
    "a.",
    ".a",
    "a..b",
    "1a",
    "a-b",
    "a b",
    " a",
    "a\n",
    "`",
    "``",
    "`a",
    "a`",
    "`a`b",
    "`a``b`",
    "`a\\`",
    "a.`",
    "*",
    "ü",
    "a/b",
    "a[0]",
  ])("%j is no field path", (text) => {
    expect(() => parseFieldPath(text)).toThrow(`Invalid property path "${text}".`);
  });

  test("is not empty", () => {
    expect(() => parseFieldPath("")).toThrow("Invalid empty property path string.");
  });
});
