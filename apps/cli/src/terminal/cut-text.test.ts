import { expect, test } from "vitest";
import { cutText } from "./cut-text.ts";

test.each([
  ["DELETE\n  FROM t;", undefined, "DELETE FROM t;"],
  ["DELETE FROM orders;", 19, "DELETE FROM orders;"],
  ["DELETE FROM orders;", 12, "DELETE FROM…"],
  ["DELETE FROM orders;", 13, "DELETE FROM…"],
  ["日本日本", 5, "日本…"],
])("%j in %o columns is %j", (text, columns, expected) => {
  expect(cutText(text, columns)).toBe(expected);
});
