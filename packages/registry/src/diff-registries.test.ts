import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { describeChange, diffRegistries, parseRegistry, type RegistryChange } from "./index.ts";

function diff(before: string, after: string): readonly RegistryChange[] {
  return diffRegistries(parseRegistry(before), parseRegistry(after));
}

function said(before: string, after: string): readonly string[] {
  return diff(before, after).map(
    (change) => `${describeChange(change)}${change.destructive ? " !" : ""}`,
  );
}

const columns = (...list: readonly string[]) =>
  `tables: { t: { columns: [${list.map((column) => `{ ${column} }`).join(", ")}] } }`;

test("the same registry has no changes, wherever it is written down", () => {
  const text = `
enums: { e: [a, b] }
tables:
  t:
    columns: [{ name: id, type: serial, pk: true }, { name: a, type: e, check: a <> 'b' }]
    indexes: [lower(a)]
    firestore: true
`;
  expect(diff(text, `# moved\n\n${text}`)).toEqual([]);
});

test("tables and columns come and go", () => {
  expect(
    said(
      "tables: { a: { columns: [{ name: x, type: text }] } }",
      "tables: { b: { columns: [{ name: x, type: text }] } }",
    ),
  ).toEqual(["add table b", "remove table a !"]);
  expect(
    said(
      columns("name: a, type: text", "name: b, type: text"),
      columns(
        "name: a, type: text",
        "name: c, type: 'varchar(9)', required: true",
        "name: d, type: text",
      ),
    ),
  ).toEqual(["add column t.c varchar(9) not null !", "add column t.d text", "remove column t.b !"]);
});

describe("renames", () => {
  test("by id, and by renamed_from", () => {
    expect(
      said(columns("name: e_mail, type: text, id: c1"), columns("name: email, type: text, id: c1")),
    ).toEqual(["rename column t.e_mail to email"]);
    expect(
      said(
        columns("name: e_mail, type: text"),
        columns("name: email, type: text, renamed_from: e_mail"),
      ),
    ).toEqual(["rename column t.e_mail to email"]);
    expect(
      said(
        "tables: { a: { id: t1, columns: [{ name: x, type: text }] } }",
        "tables: { b: { id: t1, columns: [{ name: x, type: text }] } }",
      ),
    ).toEqual(["rename table a to b"]);
    expect(
      said(
        "tables: { a: { columns: [{ name: x, type: text }] } }",
        "tables: { b: { renamed_from: a, columns: [{ name: x, type: text }] } }",
      ),
    ).toEqual(["rename table a to b"]);
  });

  test("renamed_from means nothing once the rename is done", () => {
    expect(
      said(
        columns("name: email, type: text"),
        columns("name: email, type: text, renamed_from: e_mail"),
      ),
    ).toEqual([]);
  });

  test("a name that two different ids have is not the same thing", () => {
    expect(
      said(columns("name: a, type: text, id: c1"), columns("name: a, type: text, id: c2")),
    ).toEqual(["add column t.a text", "remove column t.a !"]);
  });

  test("two columns may swap their names", () => {
    expect(
      said(
        columns("name: a, type: text, id: c1", "name: b, type: text, id: c2"),
        columns("name: b, type: text, id: c1", "name: a, type: text, id: c2"),
      ),
    ).toEqual(["rename column t.a to b", "rename column t.b to a"]);
  });

  test("constraints, indexes and references follow, and only their names change", () => {
    const before = `
tables:
  people:
    id: t1
    columns:
      - { name: id, type: serial, pk: true, id: c1 }
      - { name: e_mail, type: text, unique: true, check: length(e_mail) > 3, id: c2 }
    indexes: [lower(e_mail), { columns: e_mail, where: e_mail is not null, name: fixed }]
  notes: { columns: [{ name: person, type: text, references: people.e_mail }] }
`;
    const after = before.replaceAll("people", "persons").replaceAll("e_mail", "email");
    expect(said(before, after)).toEqual([
      "rename table people to persons",
      "rename column persons.e_mail to email",
      "rename constraint people_pkey of persons to persons_pkey",
      "rename constraint people_e_mail_key of persons to persons_email_key",
      "rename constraint people_e_mail_check of persons to persons_email_check",
      "rename index people_lower_idx to persons_lower_idx",
    ]);
  });
});

test("a change of a column says what, and whether values may be lost", () => {
  expect(
    said(
      columns(
        "name: a, type: integer",
        "name: b, type: text",
        "name: c, type: 'varchar(9)'",
        "name: d, type: 'numeric(5,2)'",
        "name: e, type: text",
      ),
      columns(
        "name: a, type: bigint",
        "name: b, type: text, required: true, default: \"'x'\"",
        "name: c, type: 'varchar(8)'",
        "name: d, type: 'numeric(7,3)'",
        "name: e, type: text, encrypted: true, description: x, min: 1",
      ),
    ),
  ).toEqual([
    "change column t.a: integer becomes bigint",
    "change column t.b: not null, default 'x' !",
    "change column t.c: varchar(9) becomes varchar(8) !",
    "change column t.d: numeric(5,2) becomes numeric(7,3)",
    "change column t.e: encrypted, rules, notes !",
  ]);
});

test("constraints and indexes are compared by what they do", () => {
  const before = `
tables:
  a: { columns: [{ name: id, type: serial, pk: true }, { name: x, type: integer, unique: true }, { name: y, type: integer }], checks: [x > 0], indexes: [y] }
  b: { columns: [{ name: x, type: integer, references: a.x }] }
`;
  const after = `
tables:
  a: { pk: [id, y], columns: [{ name: id, type: serial }, { name: x, type: integer, unique: true }, { name: y, type: integer }], checks: [x > 1], indexes: [{ columns: y, unique: true }] }
  b: { columns: [{ name: x, type: integer, references: { table: a, column: x, on_delete: cascade } }] }
`;
  expect(said(before, after)).toEqual([
    "change column a.y: not null !",
    "change the primary key of a !",
    "remove constraint a_x_check of a",
    "remove index a_y_idx of a",
    "add constraint a_x_check on a !",
    "add index a_y_idx on a !",
    "remove foreign key b_x_fkey of b",
    "add foreign key b_x_fkey on b !",
  ]);
});

test("enums gain and lose values, each at its place", () => {
  const [change] = diff("enums: { e: [a, c, d] }", "enums: { e: [a, b, d, x] }");
  expect(change).toMatchObject({
    kind: "enum-changed",
    destructive: true,
    added: [{ value: "b", before: "d" }, { value: "x" }],
    removed: ["c"],
    reordered: false,
  });
  expect(said("enums: { e: [a, b] }", "enums: { e: [b, a], f: [x] }")).toEqual([
    "change enum e: another order !",
    "add enum f (x)",
  ]);
  expect(said("enums: { e: [a] }", "enums: {}")).toEqual(["remove enum e !"]);
});

const table = (firestore: string) =>
  `tables: { t: { columns: [{ name: id, type: serial, pk: true }, { name: a, type: text }]${firestore} } }`;

test("documents and collections are part of it", () => {
  expect(said(table(""), table(", firestore: true"))).toEqual(["add the documents of t"]);
  expect(said(table(", firestore: true"), table(", firestore: { fields: { b: a } }"))).toEqual([
    "change the documents of t !",
  ]);
  expect(said(table(", firestore: true"), table(", firestore: { fields: { b: map } }"))).toEqual([
    "change the documents of t",
  ]);
  expect(said(table(", firestore: true"), table(""))).toEqual(["remove the documents of t !"]);
  expect(
    said(
      "collections: { c: { fields: { a: map } } }",
      "collections: { c: { fields: { a: map, b: map } }, d: { fields: {} } }",
    ),
  ).toEqual(["change collection c", "add collection d"]);
  expect(said("schema: a\ntables: {}", "schema: b\ntables: {}")).toEqual([
    "move all tables from schema a to b !",
  ]);
});

/** A registry of a few columns, some with an index or a constraint. */
const registryText = fc
  .uniqueArray(
    fc.record({
      name: fc.constantFrom("a", "b", "c", "d"),
      type: fc.constantFrom("text", "integer", "bigint"),
      extra: fc.constantFrom("", ", unique: true", ", required: true", ", default: 1"),
    }),
    { selector: ({ name }) => name, minLength: 1 },
  )
  .map((list) =>
    columns(...list.map(({ name, type, extra }) => `name: ${name}, type: ${type}${extra}`)),
  );

function kinds(changes: readonly RegistryChange[], kind: string): number {
  return changes.filter((change) => change.kind === kind).length;
}

test("what one direction adds, the other removes", () => {
  fc.assert(
    fc.property(registryText, registryText, (before, after) => {
      const [there, back] = [diff(before, after), diff(after, before)];
      expect(kinds(there, "column-added")).toBe(kinds(back, "column-removed"));
      expect(kinds(there, "unique-added")).toBe(kinds(back, "unique-removed"));
      expect(kinds(there, "column-changed")).toBe(kinds(back, "column-changed"));
      expect(there.length === 0).toBe(back.length === 0);
    }),
    { numRuns: process.env["SLOW"] === "1" ? 100 : 10 },
  );
});

const encrypted = (more: string) =>
  columns(`${more}, type: text, encrypted: { blind_index: true }`);
const bits = (count: number) =>
  columns(`name: a, type: text, encrypted: { blind_index: { bits: ${count} } }`);

describe("the blind index of a column", () => {
  test("is renamed with it, and keeps its values", () => {
    const renamed = ["rename column t.mail to email", "rename column t.mail_bidx to email_bidx"];
    expect(said(encrypted("name: mail"), encrypted("name: email, renamed_from: mail"))).toEqual([
      ...renamed,
      "rename index t_mail_bidx_idx to t_email_bidx_idx",
    ]);
    expect(said(encrypted("name: mail, id: c1"), encrypted("name: email, id: c1"))).toEqual([
      ...renamed,
      "rename index t_mail_bidx_idx to t_email_bidx_idx",
    ]);
  });

  test("has to be made again when it is made otherwise", () => {
    expect(said(bits(64), bits(48))).toEqual(["change column t.a: encrypted !"]);
  });
});
