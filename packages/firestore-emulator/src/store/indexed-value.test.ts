import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { vectorValue } from "../../testing/query-of.ts";
import { compareValues } from "../value/compare-values.ts";
import type { Value } from "../value/value.ts";
import { indexedValue } from "./indexed-value.ts";

function compare(left: Value, right: Value): number {
  return Math.sign(compareValues(indexedValue(left), indexedValue(right)));
}

function text(length: number, end = ""): string {
  return "x".repeat(length) + end;
}

function bytes(length: number, ...end: readonly number[]): Uint8Array {
  return new Uint8Array([...Array.from({ length }, () => 1), ...end]);
}

function ones(length: number, ...end: readonly bigint[]): readonly bigint[] {
  return [...Array.from({ length }, () => 1n), ...end];
}

// As the official emulator orders them.
describe("values are in the order of their first 1,500 bytes", () => {
  test.each<[string, Value, Value, number]>([
    ["text of 1,499 bytes is told apart", text(1498, "b"), text(1498, "a"), 1],
    ["what follows is not", text(1499, "b"), text(1499, "a"), 0],
    ["text that ends there comes before what goes on", text(1499), text(1499, "a"), -1],
    ["two bytes of a character count as two", `${"é".repeat(749)}xb`, `${"é".repeat(749)}xa`, 0],
    ["bytes have one more", bytes(1499, 2), bytes(1499, 1), 1],
    ["and no more than that", bytes(1500, 2), bytes(1500, 1), 0],
    ["elements of an array count together", ones(186, 2n), ones(186, 1n), 1],
    ["and those that do not fit are left out", ones(188, 2n), ones(188, 1n), 0],
    ["text in an array is cut", [text(1499, "b")], [text(1499, "a")], 0],
    ["what follows long text in an array is left out", [text(1600), 2n], [text(1600)], 0],
    ["an empty element that has no room is left out", [text(1499), ""], [text(1499), 1n], 0],
    ["and is more than nothing", [text(1499), ""], [text(1499)], 1],
    [
      "the names in a map count",
      new Map([["k", text(1496, "b")]]),
      new Map([["k", text(1496, "a")]]),
      1,
    ],
    ["with the values", new Map([["k", text(1497, "b")]]), new Map([["k", text(1497, "a")]]), 0],
    [
      "vectors are told apart by 187 numbers",
      vectorValue([...ones(186).map(Number), 2]),
      vectorValue([...ones(186).map(Number), 1]),
      1,
    ],
    [
      "and by the number of them first",
      vectorValue(ones(201).map(Number)),
      vectorValue(ones(200).map(Number)),
      1,
    ],
    [
      "but no further",
      vectorValue([...ones(200).map(Number), 2]),
      vectorValue([...ones(200).map(Number), 1]),
      0,
    ],
  ])("%s", (_, left, right, expected) => {
    expect(compare(left, right)).toBe(expected);
    expect(compare(right, left)).toBe(-expected + 0);
  });

  test("a value that fits is as it is", () => {
    const values: readonly Value[] = [
      null,
      1n,
      text(1499),
      bytes(1500),
      ones(187),
      vectorValue([1]),
    ];
    for (const value of values) expect(indexedValue(value)).toBe(value);
  });

  test("no two values change sides", () => {
    const part = fc.constantFrom("a", "b", "é", "\u{1f600}", "a".repeat(700), "é".repeat(400));
    const string = fc.array(part, { maxLength: 4 }).map((parts) => parts.join(""));
    const value = fc.oneof(string, fc.array(string, { maxLength: 4 }));
    fc.assert(
      fc.property(value, value, (left, right) => {
        const cut = compare(left, right);
        expect([0, Math.sign(compareValues(left, right))]).toContain(cut);
      }),
      { numRuns: 2000 },
    );
  });
});
