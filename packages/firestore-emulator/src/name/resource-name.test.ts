import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { arbitraryPath } from "../../testing/arbitrary-value.ts";
import { pathOfName } from "./path-of-name.ts";
import {
  checkCollectionId,
  checkDocumentId,
  lastId,
  nameOf,
  parentPath,
  parseDatabaseName,
  parseDocumentName,
  parseParentName,
} from "./resource-name.ts";

const database = "projects/p/databases/(default)";

describe("the name of a document", () => {
  test("is read as the database and the path that it was made of", () => {
    fc.assert(
      fc.property(arbitraryPath, (path) => {
        const name = nameOf(database, path);
        expect(parseDocumentName(name)).toEqual({ database, path });
        expect(parseParentName(name)).toEqual({ database, path });
        expect(pathOfName(name)).toBe(path);
        expect(`${parentPath(path)}/${lastId(path)}`).toBe(path);
      }),
    );
  });

  test.each([
    ["", 'lacks "projects" at index 0.'],
    ["x", 'lacks "projects" at index 0.'],
    ["projects", 'lacks "/" at index 8.'],
    ["projects//databases/d/documents/a/b", "lacks a project id at index 9."],
    ["projects/p", 'lacks "/" at index 10.'],
    ["projects/p/x", 'lacks "databases" at index 11.'],
    ["projects/p/databases//documents/a/b", "lacks a database id at index 21."],
    ["projects/p/databases/d", 'lacks "/" at index 22.'],
    ["projects/p/databases/d/documents", "is invalid: Omit"],
    ["projects/p/databases/d/documents/", 'is invalid: Omit trailing "/".'],
    ["projects/p/databases/d/documents/a", 'lacks "/" at index 34.'],
    ["projects/p/databases/d/documents/a/", 'has invalid trailing "/".'],
    ["projects/p/databases/d/documents/a//b", "lacks a resource id at index 35."],
    ["projects/p/databases/d/documents//a", "lacks a collection id at index 33."],
    ["projects/p/databases/d/documents/a/b/", 'has invalid trailing "/".'],
    ["projects/p/databases/d/documents/a/.", 'contains a resource id "." at index 35.'],
    ["projects/p/databases/d/documents/../b", 'contains a resource id ".." at index 33.'],
  ])("is not %j", (name, problem) => {
    expect(() => parseDocumentName(name)).toThrow(problem);
  });

  test("of the root is a parent's only", () => {
    expect(parseParentName(`${database}/documents`)).toEqual({ database, path: "" });
    expect(() => parseParentName(`${database}/documents/`)).toThrow("Omit trailing");
    expect(nameOf(database, "")).toBe(`${database}/documents`);
  });
});

test("the name of a database has nothing behind it", () => {
  expect(parseDatabaseName(database)).toBe(database);
  expect(() => parseDatabaseName(`${database}/documents`)).toThrow("has extra characters at index");
});

describe("ids", () => {
  test.each([
    "__",
    "___",
    "____",
    "__a",
    "a__",
    "_a_",
    "__id7__",
    "__id-7__",
    "a b",
    "*",
    "\n",
    "...",
  ])("%j is one for a document", (id) => {
    expect(() => checkDocumentId(id)).not.toThrow();
  });

  test.each(["_____", "__a__", "__\n__", "__id__", "__id7x__", "__ID7__"])(
    "%j is reserved",
    (id) => {
      expect(() => checkDocumentId(id)).toThrow(
        `Resource id "${id}" is invalid because it is reserved.`,
      );
    },
  );

  test("__id7__ is reserved for collections", () => {
    expect(() => checkCollectionId("__id7__")).toThrow("is reserved");
  });

  test("have 1,500 bytes of UTF-8 at most", () => {
    for (const check of [checkCollectionId, checkDocumentId]) {
      expect(() => check("x".repeat(1500))).not.toThrow();
      expect(() => check("é".repeat(750))).not.toThrow();
      expect(() => check("€".repeat(500))).not.toThrow();
      expect(() => check("x".repeat(1501))).toThrow("is longer than 1500 bytes");
      expect(() => check("é".repeat(751))).toThrow("is longer than 1500 bytes");
      expect(() => check("€".repeat(501))).toThrow("is longer than 1500 bytes");
      expect(() => check("\u{1f600}".repeat(376))).toThrow("is longer than 1500 bytes");
    }
  });
});

test("what lies at the root has the root as its parent", () => {
  expect(parentPath("a")).toBe("");
  expect(parentPath("a/b")).toBe("a");
  expect(lastId("a")).toBe("a");
});
