import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { arbitraryValue } from "../../testing/arbitrary-value.ts";
import type { FieldTransform } from "../protocol/messages.ts";
import { compareValues, equalValues } from "../value/compare-values.ts";
import { timestampOf } from "../value/timestamp.ts";
import type { Value } from "../value/value.ts";
import { checkTransforms } from "./field-transform.ts";

function apply(
  transform: Omit<FieldTransform, "fieldPath">,
  current: Value | undefined,
  time = 5000,
): Value | undefined {
  const [checked] = checkTransforms([{ fieldPath: "a", ...transform }]);
  return checked?.apply(current, time).value;
}

const max = 2n ** 63n - 1n;
const int64 = fc.bigInt({ min: -max - 1n, max });
const elements = fc.array(
  arbitraryValue.filter((value) => typeof value !== "object" || value === null),
  { maxLength: 8 },
);

describe("transforms", () => {
  test("increment of int64 is their sum, or the end of the range that it is beyond", () => {
    fc.assert(
      fc.property(int64, int64, (current, increment) => {
        const sum = current + increment;
        const expected = sum > max ? max : sum < -max - 1n ? -max - 1n : sum;
        expect(apply({ increment }, current)).toBe(expected);
      }),
    );
  });

  test("maximum and minimum are one of the two, and the field where both are equal", () => {
    const number = fc.oneof(
      int64,
      fc.double({ noNaN: true }),
      fc.constantFrom<number | bigint>(0, 0n, -0, 1, 1n),
    );
    fc.assert(
      fc.property(number, number, (current, operand) => {
        const order = compareValues(current, operand);
        expect(apply({ maximum: operand }, current)).toBe(order >= 0 ? current : operand);
        expect(apply({ minimum: operand }, current)).toBe(order <= 0 ? current : operand);
      }),
    );
  });

  test("a union has what was there, then each new element once; a difference has none of them", () => {
    fc.assert(
      fc.property(elements, elements, (current, given) => {
        const union = apply({ appendMissingElements: given }, current);
        const expected = [...current];
        for (const element of given) {
          if (!expected.some((value) => equalValues(value, element))) expected.push(element);
        }
        expect(union).toEqual(expected);
        expect(apply({ removeAllFromArray: given }, current)).toEqual(
          current.filter((value) => !given.some((element) => equalValues(value, element))),
        );
      }),
    );
  });

  test("the time of the server is that of the request", () => {
    expect(apply({ setToServerValue: 1 }, 1n, 7000)).toEqual(timestampOf(7000));
  });

  test.each<[string, readonly FieldTransform[], string]>([
    ["no operation", [{ fieldPath: "a" }], "Operation type must be specified"],
    [
      "no server value",
      [{ fieldPath: "a", setToServerValue: 0 }],
      "ServerValue type must be specified",
    ],
    ["no number", [{ fieldPath: "a", increment: "1" }], "Input must be int64 or double."],
    ["no path", [{ fieldPath: "a.", increment: 1n }], "Invalid property path"],
    ["reserved", [{ fieldPath: "a.__b__", increment: 1n }], "Invalid reserved name in field path"],
    [
      "one within another",
      [
        { fieldPath: "a.b.c", increment: 1n },
        { fieldPath: "x", increment: 1n },
        { fieldPath: "a", increment: 1n },
      ],
      "Cannot transform property a and its nested property at the same time.",
    ],
  ])("%s is refused", (_name, transforms, text) => {
    expect(() => checkTransforms(transforms)).toThrow(text);
  });

  test("fields whose names only begin alike, or have a dot, are not within each other", () => {
    const paths = ["a", "ab", "`a.b`", "b.a", "b.ab", "a"];
    const transforms = paths.map((fieldPath) => ({ fieldPath, increment: 1n }));
    expect(checkTransforms(transforms).length).toBe(paths.length);
  });
});
