import * as fc from "fast-check";
import { expect, test } from "vitest";
import type { MapValue, Value } from "../value/value.ts";
import { FieldEdit } from "./field-edit.ts";
import { withValueAt } from "./field-path.ts";

const name = fc.constantFrom("a", "b", "c");
const fields: fc.Arbitrary<MapValue> = fc.letrec<{ map: MapValue }>((tie) => ({
  map: fc
    .array(fc.tuple(name, fc.oneof({ maxDepth: 3 }, fc.constantFrom(1n, "x"), tie("map"))), {
      maxLength: 3,
    })
    .map((entries) => new Map<string, Value>(entries)),
})).map;
const changes = fc.array(
  fc.tuple(
    fc.array(name, { minLength: 1, maxLength: 3 }),
    fc.oneof(fc.constantFrom(undefined, 2n), fields),
  ),
  { maxLength: 6 },
);

test("changes one after the other come to the same as each on a copy, and change nothing that was given", () => {
  fc.assert(
    fc.property(fields, changes, (given, steps) => {
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
