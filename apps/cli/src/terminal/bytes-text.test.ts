import { expect, test } from "vitest";
import { bytesText } from "./bytes-text.ts";
import { countOf, durationText } from "./count-of.ts";

test.each([
  [0, "0 bytes"],
  [1, "1 byte"],
  [999, "999 bytes"],
  [1000, "1.0 kB"],
  [99_949, "99.9 kB"],
  [99_951, "100 kB"],
  [999_499, "999 kB"],
  [999_500, "1.0 MB"],
  [1_234_567_890, "1.2 GB"],
  [5e18, "5000 PB"],
])("%d bytes are told as %s", (bytes, text) => {
  expect(bytesText(bytes)).toBe(text);
});

test.each([
  [12.4, "12 ms"],
  [1000, "1.0 s"],
  [99_949, "99.9 s"],
  [125_000, "2 min 5 s"],
  [3_599_999, "1 h 0 min"],
  [3_780_000, "1 h 3 min"],
])("%d milliseconds are told as %s", (ms, text) => {
  expect(durationText(ms)).toBe(text);
});

test("large counts have their thousands apart", () => {
  expect(countOf(1_234_567, "row")).toBe("1,234,567 rows");
  expect(countOf(1, "row")).toBe("1 row");
});
