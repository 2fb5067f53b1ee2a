import { createHash } from "node:crypto";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { arbitraryField } from "../../testing/arbitrary-field.ts";
import { contentHashOf, FieldDivider } from "./document-content.ts";

const numRuns = process.env["SLOW"] === "1" ? 1000 : 100;
const name = fc.oneof(
  fc.string({ unit: "binary", minLength: 1, maxLength: 8 }).filter((text) => text !== "__proto__"),
  fc.constantFrom("a", "z", "imo", "imo2", "validated", "_own", "_", '"', "\\", "fields", "{", "}"),
);
const document = fc.dictionary(name, arbitraryField, { maxKeys: 6 });
const marks: ReadonlySet<string> = new Set(["imo", "validated"]);
const isOwn = (text: string): boolean => text.startsWith("_");
const divider = new FieldDivider(
  (text) => (marks.has(text) ? "mark" : isOwn(text) ? "own" : "content"),
  ["i", "v", "_"],
);

const lineOf = (fields: object, id = "1"): Buffer =>
  Buffer.from(
    `${JSON.stringify({ name: `projects/p/databases/d/documents/c/${id}`, fields, createTime: "2026", updateTime: "2027" })}\n`,
  );

const hashOf = (line: Buffer): string => contentHashOf(divider.divide(line).content);

test("fields are divided by their names, wherever they stand, and keep every byte", () => {
  fc.assert(
    fc.property(document, fc.constantFrom("1", '"', "\\", '{"fields":{'), (fields, id) => {
      const textOf = (isWanted: (field: string) => boolean): string =>
        JSON.stringify(Object.fromEntries(Object.entries(fields).filter(([field]) => isWanted(field))));
      const divided = divider.divide(lineOf(fields, id));
      expect(divided.content.toString()).toBe(textOf((field) => !marks.has(field) && !isOwn(field)));
      expect(divided.marks?.toString() ?? "{}").toBe(textOf((field) => marks.has(field)));
    }),
    { numRuns, examples: [[{ imo: {} }, "1"], [{ a: {}, imo: {} }, "1"], [{ imo: {}, z: {} }, "1"], [{}, "1"]] },
  );
}); // prettier-ignore

test("the hash is the SHA-256 of the content as JSON, and a document without fields has that of one that has none left", () => {
  const fields = { a: { stringValue: "ü" }, imo: { nullValue: null } };
  expect(hashOf(lineOf(fields))).toBe(
    createHash("sha256").update('{"a":{"stringValue":"ü"}}').digest("hex"),
  );
  const empty = Buffer.from(
    '{"name":"projects/p/databases/d/documents/c/1","createTime":"2026"}\n',
  );
  expect(hashOf(empty)).toBe(createHash("sha256").update("{}").digest("hex"));
  expect(hashOf(lineOf({ imo: {}, _a: {} }))).toBe(hashOf(empty));
});
