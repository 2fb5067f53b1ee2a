import { expect, test } from "vitest";
import { wrapText } from "./wrap-text.ts";

test("a text breaks at spaces, and goes on indented", () => {
  expect(wrapText("one two three four", 9, "  ")).toBe("one two\n  three\n  four");
});

test("a word that is too long stays whole", () => {
  expect(wrapText("a https://example.org/long b", 8)).toBe("a\nhttps://example.org/long\nb");
});

test("without a width nothing breaks", () => {
  expect(wrapText("one two three", undefined)).toBe("one two three");
});

test("the spaces that a text begins with stay, and so do those inside a line", () => {
  expect(wrapText("  a  b", 10)).toBe("  a  b");
  expect(wrapText("    4  CREATE TABLE", 12)).toBe("    4\nCREATE TABLE");
});
