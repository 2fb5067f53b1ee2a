import { expect, test } from "vitest";
import { checkRegistry, formatProblem } from "./index.ts";

function problemsOf(text: string): readonly string[] {
  return checkRegistry([{ file: "r.yml", text }]).problems.map(formatProblem);
}

const table = "{ columns: [{ name: a, type: text }] }";

test("broken YAML is reported where it breaks", () => {
  expect(problemsOf('tables:\n  t: "open\n')).toEqual(['r.yml:3:1: missing closing "quote']);
  expect(problemsOf("tables:\n\tt: 1\n")[0]).toMatch(
    /^r\.yml:2:1: tabs are not allowed as indentation/,
  );
  expect(problemsOf("tables: { t: 1\n")[0]).toMatch(
    /^r\.yml:2:1: flow map in block collection must be sufficiently indented and end with a \}/,
  );
  expect(problemsOf("tables: !mine { }\n")).toEqual(["r.yml:1:9: unresolved tag: !mine"]);
});

test("a key that comes twice is reported at the second place, with the line of the first", () => {
  expect(problemsOf(`tables:\n  t: ${table}\n  u: ${table}\n  t: ${table}\n`)).toEqual([
    'r.yml:4:3: the key "t" is here for the second time, the first is on line 2',
  ]);
  expect(
    problemsOf("tables: { t: { columns: [{ name: a, name: b, type: text }] } }\n"),
  ).toHaveLength(1);
});

test("an alias is the value of its anchor, also across the pieces of a long file", () => {
  const filler = Array.from({ length: 1500 }, (_, index) => `  t${index}: ${table}\n`).join("");
  const text = `x-types: &name { name: name, type: text }\ntables:\n${filler}  last: { columns: [*name] }\n`;
  const { registry, problems } = checkRegistry([{ file: "r.yml", text }]);
  expect(problems).toEqual([]);
  expect(registry?.tables.size).toBe(1501);
  expect(registry?.tables.get("last")?.columns.get("name")?.source.line).toBe(1);
  expect(registry?.tables.get("t7")?.source).toEqual({ file: "r.yml", line: 10, column: 3 });
});

test("aliases that explode are refused before they do", () => {
  const letters = "abcdefghijklmnop";
  const bomb = letters
    .split("")
    .slice(1)
    .map(
      (letter, index) =>
        `${letter}: &${letter} [${Array(10)
          .fill(`*${letters.charAt(index)}`)
          .join(", ")}]`,
    );
  expect(problemsOf(`a: &a [x, x, x, x, x, x, x, x, x, x]\n${bomb.join("\n")}\n`)).toEqual([
    "r.yml:1:1: the aliases (*name) repeat so much that the file would be too large (use mixins instead)",
  ]);
});

test("an alias inside of its own anchor, or before it, leads nowhere", () => {
  expect(problemsOf("tables: &a { t: *a }\n")).toEqual([
    "r.yml:1:17: the alias *a has no anchor &a before it",
  ]);
  expect(problemsOf("tables: { t: *a }\nx-a: &a 1\n")).toEqual([
    "r.yml:1:14: the alias *a has no anchor &a before it",
  ]);
});

test("what a registry has no use for is refused with its name", () => {
  expect(problemsOf(`tables: { t: ${table} }\n---\ntables: {}\n`)).toEqual([
    'r.yml:2:1: a second YAML document begins here (leave the "---" out)',
  ]);
  expect(
    problemsOf(`x-a: &a { name: a }\ntables: { t: { columns: [{ <<: *a, type: text }] } }\n`),
  ).toEqual([
    "r.yml:2:28: merge keys (<<) are not part of YAML 1.2 (use a mixin, or an alias for the whole value)",
  ]);
  expect(problemsOf("%YAML 1.1\n---\ntables: {}\n")).toEqual([
    "r.yml:1:1: YAML 1.1 is not supported (leave the %YAML line out)",
  ]);
  expect(problemsOf("tables: { ? [a] : 1 }\n")).toEqual(["r.yml:1:13: a key must be a plain text"]);
  expect(problemsOf("tables: { t: 1 }\u0007\n")).toEqual([
    'r.yml:1:17: the character U+0007 may not stand in YAML (write it as an escape in double quotes, as in "\\x07")',
  ]);
  expect(problemsOf('tables: { t: { description: "a\\0b", columns: [] } }\n')).toEqual([
    "r.yml:1:29: the text has a NUL character, which PostgreSQL cannot store",
  ]);
  expect(problemsOf('tables: { "\\ud800": 1 }\n')).toEqual([
    "r.yml:1:11: the key has half of a surrogate pair, which is not a character",
  ]);
});

test("a file with a document start, comments and Windows line ends is a registry", () => {
  const text = `# yaml-language-server: $schema=x\r\n---\r\ntables:\r\n  t: # a table\r\n    columns:\r\n      - name: a\r\n        type: text\r\n`;
  const { registry } = checkRegistry([{ file: "r.yml", text }]);
  expect(registry?.tables.get("t")?.columns.get("a")?.source.line).toBe(6);
});

const limit = 4 * 1024 * 1024;
/** At the full size each takes seconds. */
const size = process.env["SLOW"] === "1" ? limit : limit / 32;

test.each([
  ["lists in lists", "[".repeat(size)],
  ["maps in maps", "{a: ".repeat(size / 4)],
  ["block lists in block lists", "- ".repeat(size / 2)],
  ["indentation", Array.from({ length: 1000 }, (_, index) => `${" ".repeat(index)}a:`).join("\n")],
  ["unbalanced brackets", "]".repeat(size)],
  ["quotes", '"'.repeat(size)],
  ["documents", "---\n".repeat(size / 4)],
  ["directives", "%a\n".repeat(size / 3)],
  ["commas", `[${",".repeat(size - 1)}`],
  ["anchors", "&a ".repeat(size / 3)],
  ["tags", "a: !x y\n".repeat(size / 8)],
  ["empty keys", "? ".repeat(size / 2)],
  ["the same key", "a: 1\n".repeat(size / 5)],
  ["one long text", "x".repeat(size)],
  ["one long number", "9".repeat(size)],
  ["comments", "#\n".repeat(size / 2)],
])("megabytes of %s get a clear answer", { timeout: 60_000 }, (_, text) => {
  const { registry, problems } = checkRegistry([{ file: "r.yml", text }]);
  expect(registry).toBeUndefined();
  expect(problems.length).toBeGreaterThan(0);
  expect(problems.length).toBeLessThan(100);
  expect(problems.every(({ message }) => message.length < 300)).toBe(true);
});

test("a longer text is refused unread", () => {
  expect(problemsOf("x".repeat(limit + 1))).toEqual([
    "r.yml:1:1: the file is larger than 4194304 bytes (split it into several files of one folder)",
  ]);
});
