import { expect, test } from "vitest";
import { formatAge, parseAge } from "./parse-age.ts";

test.each([
  ["90m", 5_400_000],
  ["26h", 93_600_000],
  ["8d", 691_200_000],
  [" 2w ", 1_209_600_000],
])("%s is an age", (text, ms) => {
  expect(parseAge(text)).toBe(ms);
});

test.each([
  "",
  "26",
  "h",
  "0h",
  "-1h",
  "1.5h",
  "1e3h",
  "26 h",
  "26H",
  "26s",
  "1d2h",
  "99999999w",
  "٣h",
])("%j is refused as an age", (text) => {
  expect(() => parseAge(text)).toThrow(
    expect.objectContaining({ code: "INVALID_OPTIONS", hint: expect.stringContaining("26h") }),
  );
});

test.each([
  [-5, "0 minutes"],
  [60_000, "1 minute"],
  [119 * 60_000, "119 minutes"],
  [26.9 * 3_600_000, "26 hours"],
  [49 * 3_600_000, "2 days"],
])("%d ms are read as %s", (ms, text) => {
  expect(formatAge(ms)).toBe(text);
});
