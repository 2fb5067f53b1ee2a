import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { MapValue, Value } from "../value/value.ts";
import { FieldEdit, projectFields } from "./field-edit.ts";
import { valueAt, type FieldPath } from "./field-path.ts";

/** One change, of a copy. */
function withValueAt(fields: MapValue, path: FieldPath, value: Value | undefined): MapValue {
  const edit = new FieldEdit(fields);
  edit.set(path, value);
  return edit.fields;
}

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
const changes = fc.array(fc.tuple(smallPath, fc.oneof(fc.constantFrom(undefined, 2n), smallMap)), {
  maxLength: 6,
});

test("changes one after the other come to the same as each on a copy, and change nothing that was given", () => {
  fc.assert(
    fc.property(smallMap, changes, (given, steps) => {
      const before = structuredClone([given, steps]);
      const edit = new FieldEdit(given);
      let expected = given;
      for (const [path, value] of steps) {
        edit.set(path, value);
        expected = withValueAt(expected, path, value);
        expect(edit.get(path)).toEqual(value);
      }
      expect(edit.fields).toEqual(expected);
      expect([given, steps]).toEqual(before);
    }),
    { numRuns: 1000 },
  );
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
