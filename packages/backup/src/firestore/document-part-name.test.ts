import * as fc from "fast-check";
import { expect, test } from "vitest";
import { collectionFolder, documentPartName } from "./document-part-name.ts";

test("plain names stay as they are; everything else is bytes in hexadecimal", () => {
  expect(documentPartName("imo_processes-2", 3)).toBe("firestore/data/imo_processes-2/0003.ndjson");
  expect(["blueprintTypes", "..", "a b", "€", "con", "com1", "~"].map(collectionFolder)).toEqual([
    "blueprint%54ypes",
    "%2e%2e",
    "a%20b",
    "%e2%82%ac",
    "%63on",
    "%63om1",
    "%7e",
  ]);
});

test("no two collections share a folder on a disk that takes capitals for small letters", () => {
  const id = fc.oneof(
    fc.string({ unit: "binary", minLength: 1, maxLength: 4 }),
    fc.stringMatching(/^[aA%4~.1]{1,4}$/),
    fc.constantFrom(
      ..."ab€"
        .split("")
        .flatMap((last) => [`${"a".repeat(149)}${last}`, `${"a".repeat(150)}${last}`]),
    ),
    fc.constantFrom("con", "%63on", "CON", "a".repeat(200), "A".repeat(200), `${"a".repeat(199)}b`),
  );
  fc.assert(
    fc.property(id, id, (one, other) => {
      const folders = [one, other].map((text) => collectionFolder(text).toLowerCase());
      expect(folders[0] === folders[1]).toBe(one === other);
      expect(folders[0]).toMatch(/^[a-z0-9_%~-]{1,150}$/);
    }),
    { numRuns: 200 },
  );
});
