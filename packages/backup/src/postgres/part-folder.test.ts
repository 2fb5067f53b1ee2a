import * as fc from "fast-check";
import { expect, test } from "vitest";
import { partFolder } from "./part-folder.ts";

const runs = { numRuns: process.env["SLOW"] === undefined ? 200 : 5000 };
const name = fc.oneof(
  fc.string({ unit: "binary", minLength: 1, maxLength: 63 }),
  fc.constantFrom("a.b", "a", "b", ".", "..", "con", "A", "%41", "a~b", "users", "ж".repeat(31)),
);
const table = fc.record({ schema: name, name });

test("is a name that every file system takes", () => {
  fc.assert(
    fc.property(table, (one) => {
      expect(partFolder(one)).toMatch(/^[\w%-]+\.[\w%~-]+$|^[\w%.~-]{1,180}$/);
      expect(partFolder(one).length).toBeLessThanOrEqual(180);
      expect(partFolder(one)).not.toMatch(/^(?:con|nul|prn|aux)\./);
    }),
    runs,
  );
});

test("is another one for every other table, also where a disk does not tell capitals from small letters", () => {
  fc.assert(
    fc.property(table, table, (one, other) => {
      const isSame = one.schema === other.schema && one.name === other.name;
      const folded = (given: typeof one): string =>
        partFolder(given).toLowerCase().normalize("NFC");
      expect(folded(one) === folded(other)).toBe(isSame);
    }),
    runs,
  );
});

test.each([
  ["public", "users", "public.users"],
  ["public", "Users", "public.%55sers"],
  ["a.b", "c", "a%2Eb.c"],
  ["a", "b.c", "a.b%2Ec"],
  ["con", "x/y", "%63on.x%2Fy"],
  ["public", "ü", "public.%C3%BC"],
])("of %s.%s is %s", (schema, table_, folder) => {
  expect(partFolder({ schema, name: table_ })).toBe(folder);
});
