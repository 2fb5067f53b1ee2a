import * as fc from "fast-check";
import { expect, test } from "vitest";
import { readYaml } from "./read-yaml.ts";
import { Problems } from "./yaml-node.ts";

const numRuns = process.env["SLOW"] === "1" ? 100 : 10;

/** Lines that a table may have in a file, some of which end in a way that runs on over a cut. */
const entry = fc.oneof(
  fc.constant("columns: []"),
  fc.constant("description: |\n      a\n      b: c"),
  fc.constant('description: "two\n      lines"'),
  fc.constant('description: "two\n  t0: lines"'),
  fc.constant("description: >-\n      x"),
  fc.constant("# comment\n    meta: { a: [1,\n      2] }"),
  fc.constant("meta: [a,\n  b: c]"),
  fc.constant("tags: &t [a]"),
  fc.constant("tags: *t"),
  fc.constant("broken: [a"),
  fc.constant("meta:\n  # less indented\n      a: 1"),
  fc.constant("plain: a\n      b"),
);

test("a long file means the same in pieces as it does at once", () => {
  fc.assert(
    fc.property(
      fc.array(entry, { minLength: 2, maxLength: 6 }),
      fc.constantFrom("", "enums: { e: [a] }\n", "schema: |\n  x\n"),
      (entries, tail) => {
        const filler = `# ${"x".repeat(900)}`;
        const tables = Array.from(
          { length: 60 },
          (_, index) =>
            `  t${index}:\n    ${entries[index % entries.length] ?? ""}\n    ${filler}\n`,
        );
        const text = `version: 1\ntables:\n${tables.join("")}${tail}`;
        expect(text.length).toBeGreaterThan(40_000);
        const inPieces = read(text);
        // A comment with `---` in front of the tables keeps it from being cut.
        const atOnce = read(`---\n${text}`, 4);
        expect(inPieces).toEqual(atOnce);
      },
    ),
    { numRuns },
  );
});

/** The nodes of a text, with offsets counted from `shift`; or its problems. */
function read(text: string, shift = 0): unknown {
  const problems = new Problems();
  const { root } = readYaml("r.yml", text, problems);
  if (root === undefined)
    return problems.list.map(({ line, column, message }) => [
      line - (shift === 0 ? 0 : 1),
      column,
      message.replace(/line \d+/, ""),
    ]);
  return JSON.parse(
    JSON.stringify(root, (key, value: unknown) => {
      if (value instanceof Map) return [...value];
      if (typeof value === "number" && /offset|end|keyOffset|keyEnd/i.test(key))
        return value - shift;
      return value;
    }),
  );
}
