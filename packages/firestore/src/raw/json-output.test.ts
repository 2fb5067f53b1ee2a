import { assert, integer, property } from "fast-check";
import { expect, test } from "vitest";
import { JsonOutput } from "./json-output.ts";

const runs = { numRuns: process.env["SLOW"] === "1" ? 100_000 : 2000 };
/** What Firestore can hold: the years 1 to 9999. */
const first = Date.UTC(2001, 0, 1) / 1000 - 2000 * 365.2425 * 86_400;
const last = Date.UTC(9999, 11, 31, 23, 59, 59) / 1000;

function textOf(seconds: number, nanos: number): string {
  const output = new JsonOutput(64);
  output.time(seconds, nanos);
  return output.take(0).toString();
}

const expected = (seconds: number): string =>
  `"${new Date(seconds * 1000).toISOString().slice(0, 19)}Z"`;

test("a time is the day and second of the calendar that Date has", () => {
  assert(
    property(integer({ min: first, max: last }), (seconds) => {
      expect(textOf(seconds, 0)).toBe(expected(seconds));
    }),
    runs,
  );
  for (const year of [1, 4, 100, 400, 1600, 1900, 1970, 2000, 2024, 2100, 9999])
    for (const [month, day] of [
      [1, 1],
      [2, 28],
      [3, 1],
      [12, 31],
    ] as const) {
      const date = new Date(0);
      date.setUTCFullYear(year, month - 1, day);
      for (const seconds of [date.getTime() / 1000, date.getTime() / 1000 + 86_399])
        expect(textOf(seconds, 0)).toBe(expected(seconds));
    }
});

test("a fraction has three, six or nine digits, as many as it needs", () => {
  expect(textOf(0, 120_000_000)).toBe('"1970-01-01T00:00:00.120Z"');
  expect(textOf(-1, 1000)).toBe('"1969-12-31T23:59:59.000001Z"');
  expect(textOf(951_782_400, 1)).toBe('"2000-02-29T00:00:00.000000001Z"');
});
