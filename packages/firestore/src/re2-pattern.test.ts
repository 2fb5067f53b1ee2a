import { expect, test } from "vitest";
import { re2Pattern } from "./re2-pattern.ts";

test.each([
  ["^[A-Z]\\d+$", "[A-Z]\\d+"],
  ["a|b", "(?s).*(?:a|b).*"],
  ["^a|b$", "(?s).*(?:^a|b$).*"],
  ["^(a|b)$", "(a|b)"],
  ["^a\\$", "(?s).*(?:^a\\$).*"],
  ["^a.b$", "a[^\\n\\r\\x{2028}\\x{2029}]b"],
  ["^[^]$", "(?s:.)"],
  ["^[[\\]-]$", "[\\[\\]-]"],
  ["^(?<year>\\d{4})$", "(?:\\d{4})"],
  [
    "^\\u0041\\x42\\u{1F600}\\uD83D\\uDE00\\cA\\0$",
    "\\x{0041}\\x{42}\\x{1F600}\\x{1f600}\\x{1}\\x00",
  ],
  ["^[\\b]\\b$", "[\\x08]\\b"],
  ["^\\p{L}\\p{Script=Greek}\\P{gc=Lu}$", "\\p{L}\\p{Greek}\\P{Lu}"],
  ["^a{2,1000}b{3}$", "a{2,1000}b{3}"],
  ["^a\\/b$", "a\\/b"],
])("%s is found where %s matches the whole", (pattern, re2) => {
  expect(re2Pattern(pattern)).toBe(re2);
});

test.each([
  "a(?=b)",
  "(?!a)b",
  "(?<=a)b",
  "(?<!a)b",
  "(a)\\1",
  "(?<x>a)\\k<x>",
  "[]",
  "[\\S]",
  "\\p{Alphabetic}",
  "\\uD800",
  "a{2,2000}",
])("%s is left to the models: RE2 has no such thing", (pattern) => {
  expect(re2Pattern(pattern)).toBeUndefined();
});

test("white space is what ECMAScript takes for it", () => {
  expect(re2Pattern("^\\s$")).toContain("\\x{3000}");
  expect(re2Pattern("^[\\s,]$")).toMatch(/^\[\\t.*,\]$/);
  expect(re2Pattern("^\\S$")).toMatch(/^\[\^\\t/);
});
