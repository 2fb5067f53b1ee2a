import * as fc from "fast-check";
import { expect, test } from "vitest";
import { arbitraryValue } from "../../testing/arbitrary-value.ts";
import { equalValues } from "./compare-values.ts";
import { ValueSet } from "./value-set.ts";
import type { Value } from "./value.ts";

const small = fc.constantFrom<Value>(0n, -0, 1n, 1, Number.NaN, "1", true, null, [1n], [1], [[]]);

test("a value is in the set when an equal one is", () => {
  fc.assert(
    fc.property(fc.array(fc.oneof(small, arbitraryValue), { maxLength: 12 }), (values) => {
      const set = new ValueSet();
      const distinct: Value[] = [];
      for (const value of values) {
        const isNew = !distinct.some((other) => equalValues(other, value));
        if (isNew) distinct.push(value);
        expect(set.has(value)).toBe(!isNew);
        expect(set.add(value)).toBe(isNew);
        expect(set.has(value)).toBe(true);
      }
      expect(new ValueSet(distinct).has("never in it, being so long")).toBe(false);
    }),
    { numRuns: 1000 },
  );
});
