import { expect, test } from "vitest";
import { checkRegistry, parseRegistry } from "./index.ts";

function messagesOf(parts: string): readonly string[] {
  const text = `
tables:
  t:
    columns: [{ name: a, type: text }, { name: b, type: integer }, { name: j, type: json }]
    ${parts}
`;
  return checkRegistry([{ file: "r.yml", text }]).problems.map(({ message }) => message);
}

test("unique constraints are lists of columns, with names where the file gives them", () => {
  const table = parseRegistry(`
tables:
  t: { columns: [{ name: a, type: text }, { name: b, type: text }], unique: [[a, b], { columns: b, name: only_b }] }
  u: { columns: [{ name: a, type: text }], unique: a }
  v: { columns: [{ name: a, type: text }], unique: [a] }
`).tables;
  expect(table.get("t")?.uniques.map(({ name, columns }) => [name, columns])).toEqual([
    ["t_a_b_key", ["a", "b"]],
    ["only_b", ["b"]],
  ]);
  expect(table.get("u")?.uniques[0]?.columns).toEqual(["a"]);
  expect(table.get("v")?.uniques[0]?.columns).toEqual(["a"]);
});

test("a flat list of several columns could mean two things, so that it is refused", () => {
  const { problems } = checkRegistry([
    {
      file: "r.yml",
      text: "tables: { t: { columns: [{ name: a, type: text }, { name: b, type: text }], unique: [a, b] } }",
    },
  ]);
  expect(problems).toMatchObject([
    { code: "conflict", hint: "write [[a, b]] for one, or [[a], [b]] for 2" },
  ]);
});

test.each([
  ["unique: [[a, c]]", ['the table has no column "c", did you mean "a"?']],
  ["unique: [[a, a]]", ['the column "a" is here twice']],
  [
    "unique: [j]",
    ['the column "j" cannot be in a unique constraint, because json values cannot be compared'],
  ],
  ["unique: [5]", ["must be the name of a column, not the number 5"]],
  ["unique: [{ columns: a, name: '' }]", ["must not be empty", 'the name "" is empty']],
  ["indexes: a", ['must be a list, not "a"']],
  ["indexes: [j]", ['the column "j" cannot be indexed, because json values cannot be compared']],
  ["indexes: [{ columns: j, method: gin }]", []],
  [
    "indexes: [{ columns: a, method: gin, unique: true }]",
    ["an index of the method gin cannot be unique"],
  ],
  ["indexes: [{ columns: [a, b], method: hash }]", ["an index of the method hash has one column"]],
  [
    "indexes: [{ columns: a, method: hash, include: b }]",
    ["an index of the method hash cannot include columns"],
  ],
  [
    "indexes: [{ columns: [{ column: a, order: desc }], method: brin }]",
    ["an index of the method brin has no order"],
  ],
  [
    "indexes: [{ columns: [{ column: a, expression: b + 1 }] }]",
    ["must have a column or an expression"],
  ],
  ["indexes: [{ where: a is null }]", ['the key "columns" is missing']],
  [
    "indexes: [{ columns: a, where: 'a = (' }]",
    ["this is not an SQL expression: the bracket ( is not closed"],
  ],
  [
    "indexes: [{ columns: a, method: B-tree }]",
    ['must be an access method such as btree, gin or gist, not "B-tree"'],
  ],
  ["indexes: [{ columns: a, uniqe: true }]", ['unknown key "uniqe", did you mean "unique"?']],
  ["indexes: [[a, 5]]", ["must be a column, not the number 5"]],
  ["checks: [b > 0, 'b >']", []],
  [
    "checks: [{ expression: b > 0; drop table t }]",
    ["this is not an SQL expression: it has a semicolon"],
  ],
  ["checks: [[b > 0]]", ["must be an SQL expression, not a list"]],
  [
    "checks: [{ name: c1, expression: b > 0 }, { name: c1, expression: b > 1 }]",
    ['the name "c1" is taken already'],
  ],
  ["indexes: [{ columns: a, name: t }]", ['the name "t" is taken already']],
])("{ %s }: %j", (parts, messages) => {
  expect(messagesOf(parts)).toEqual(messages);
});

test("an index has expressions, an order, a predicate and columns that it only carries", () => {
  const index = parseRegistry(`
tables:
  t:
    columns: [{ name: a, type: text }, { name: b, type: integer }]
    indexes:
      - columns: [{ column: a, order: desc, nulls: last, opclass: text_pattern_ops }, lower(a), { expression: b + 1 }]
        name: idx
        unique: true
        where: b > 0
        include: b
`).tables.get("t")?.indexes[0];
  expect(index).toMatchObject({
    name: "idx",
    parts: [
      { column: "a", order: "desc", nulls: "last", operatorClass: "text_pattern_ops" },
      { expression: "lower(a)" },
      { expression: "b + 1" },
    ],
    unique: true,
    method: "btree",
    where: "b > 0",
    include: ["b"],
  });
});
