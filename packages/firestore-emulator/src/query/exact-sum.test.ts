import * as fc from "fast-check";
import { expect, test } from "vitest";
import { ExactSum } from "./exact-sum.ts";

function sumOf(...values: readonly (number | bigint)[]): number {
  const sum = new ExactSum();
  for (const value of values) sum.add(value);
  return sum.double;
}

test("nothing is lost on the way, whatever the order", () => {
  expect(sumOf(0.1, 0.2, 0.3)).toBe(0.6);
  expect(sumOf(1, 1e100, 1, -1e100)).toBe(2);
  expect(sumOf(1e308, 1e308, -1e308)).toBe(1e308);
  expect(sumOf(2n ** 53n, 1n, -(2n ** 53n), 1)).toBe(2);
  expect(sumOf(5e-324, 5e-324)).toBe(1e-323);
  expect(sumOf(1e308, 1e308)).toBe(Infinity);
  expect(sumOf(-1e308, -1e308)).toBe(-Infinity);
});

// As the official emulator does it.
test("the sum of the integers is rounded when there is a double", () => {
  expect(sumOf(2n ** 53n, 1n, 1)).toBe(2 ** 53);
});

test("infinities and NaN are what they are in any sum", () => {
  expect(sumOf(1, Infinity)).toBe(Infinity);
  expect(sumOf(Infinity, -Infinity)).toBe(Number.NaN);
  expect(sumOf(Number.NaN, 1n)).toBe(Number.NaN);
});

test("one double is its own sum, and two are summed as the processor does it", () => {
  const double = fc.double({ noNaN: true, noDefaultInfinity: true });
  fc.assert(
    fc.property(double, double, (left, right) => {
      expect(sumOf(left)).toBe(left === 0 ? 0 : left);
      expect(sumOf(left, right)).toBe(left + right === 0 ? 0 : left + right);
    }),
    { numRuns: 1000 },
  );
});

test("the order of the numbers does not matter", () => {
  const number = fc.oneof(
    fc.double({ noNaN: true, noDefaultInfinity: true }),
    fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  );
  fc.assert(
    fc.property(fc.array(number), (numbers) => {
      expect(sumOf(...numbers.toReversed())).toBe(sumOf(...numbers));
    }),
  );
});

test("it is an integer only when all were", () => {
  const sum = new ExactSum();
  sum.add(1n);
  expect(sum.isInteger).toBe(true);
  sum.add(1);
  expect(sum.isInteger).toBe(false);
});
