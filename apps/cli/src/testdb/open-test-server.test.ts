import { expect, test } from "vitest";
import { urlOfDatabase, withoutPassword } from "./open-test-server.ts";

test.each([
  ["postgres://u:p@h:5432/app?sslmode=require", "postgres://u:p@h:5432/te%20st?sslmode=require"],
  ["postgres://u@h", "postgres://u@h/te%20st"],
  ["postgresql://u@/app?host=/run/socket", "postgresql://u@/te%20st?host=/run/socket"],
])("another database of %s", (url, expected) => {
  expect(urlOfDatabase(url, "te st")).toBe(expected);
});

test.each([
  ["postgres://u:p@h/app", "postgres://u:***@h/app"],
  ["postgres://u:p%40:w@h:5432/app?x=1", "postgres://u:***@h:5432/app?x=1"],
  ["postgres://u:a@b:c@h/app", "postgres://u:***@h/app"],
  ["postgres://u:a/b@h/app", "postgres://u:***@h/app"],
  ["postgres://u@h/app", "postgres://u@h/app"],
])("%s without its password", (url, expected) => {
  expect(withoutPassword(url)).toBe(expected);
});
