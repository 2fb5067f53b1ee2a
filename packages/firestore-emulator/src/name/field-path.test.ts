import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { MapValue, Value } from "../value/value.ts";
import {
  formatFieldPath,
  parseFieldPath,
  projectFields,
  valueAt,
  withValueAt,
} from "./field-path.ts";

const anyName = fc.string({ unit: "binary", minLength: 1, maxLength: 6 });
const smallPath = fc.array(fc.constantFrom("a", "b", "c"), { minLength: 1, maxLength: 3 });
const smallMap: fc.Arbitrary<MapValue> = fc.letrec<{ map: MapValue }>((tie) => ({
  map: fc
    .array(
      fc.tuple(
        fc.constantFrom("a", "b", "c"),
        fc.oneof({ maxDepth: 3 }, fc.constantFrom(1n, "x"), tie("map")),
      ),
      { maxLength: 3 },
    )
    .map((entries) => new Map<string, Value>(entries)),
})).map;

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

describe("a value at a path", () => {
  test("is there once it was put there, and the given fields are as they were", () => {
    fc.assert(
      fc.property(smallMap, smallPath, (fields, path) => {
        const before = structuredClone(fields);
        expect(valueAt(withValueAt(fields, path, "new"), path)).toBe("new");
        expect(valueAt(withValueAt(fields, path, undefined), path)).toBeUndefined();
        expect(fields).toEqual(before);
      }),
    );
  });

  test("leaves what is beside the path alone", () => {
    const fields = new Map<string, Value>([
      ["a", new Map<string, Value>([["b", 1n]])],
      ["c", 2n],
    ]);
    expect(withValueAt(fields, ["a", "d"], 3n)).toEqual(
      new Map<string, Value>([
        [
          "a",
          new Map([
            ["b", 1n],
            ["d", 3n],
          ]),
        ],
        ["c", 2n],
      ]),
    );
  });

  test("takes the place of what was no map on the way, but nothing does not", () => {
    const fields = new Map<string, Value>([["a", 1n]]);
    expect(withValueAt(fields, ["a", "b"], 2n)).toEqual(new Map([["a", new Map([["b", 2n]])]]));
    expect(withValueAt(fields, ["a", "b"], undefined)).toEqual(fields);
    expect(withValueAt(fields, ["x", "b"], undefined)).toEqual(fields);
  });
});

test("a projection has the fields that its paths lead to, and no other", () => {
  fc.assert(
    fc.property(smallMap, fc.array(smallPath, { maxLength: 3 }), (fields, paths) => {
      const projected = projectFields(fields, paths);
      for (const path of paths) expect(valueAt(projected, path)).toEqual(valueAt(fields, path));
      expect(projectFields(projected, paths)).toEqual(projected);
    }),
  );
  const fields = new Map<string, Value>([
    [
      "a",
      new Map<string, Value>([
        ["b", 1n],
        ["c", 2n],
      ]),
    ],
    ["d", 3n],
  ]);
  expect(projectFields(fields, [])).toEqual(new Map());
  expect(projectFields(fields, [["a", "c"]])).toEqual(new Map([["a", new Map([["c", 2n]])]]));
});
