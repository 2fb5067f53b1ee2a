import { expect, test } from "vitest";
import { describeChange, diffRegistries, parseRegistry, renameColumn } from "./index.ts";

const text = `# top
tables:
  clients:   # people
    columns:
      - name: id
        type: serial
        pk: true
      - name: e_mail   # how to reach them
        type: text
        unique: true
        check: length(e_mail) > 3
      - { name: x, type: text }
    unique: [[e_mail, x]]
    indexes: ["lower(e_mail)", { columns: [{ column: e_mail, order: desc }], where: e_mail is not null }]
    firestore: { fields: { mail: e_mail }, omit: [x] }
  others:
    columns:
      - { name: m, type: text, references: clients.e_mail }
      - { name: n, type: text, references: { table: clients, column: e_mail } }
      - { name: e_mail, type: text }
`;

test("a rename keeps comments and layout, and follows the column everywhere", () => {
  expect(renameColumn(text, { table: "clients", from: "e_mail", to: "email" })).toBe(`# top
tables:
  clients:   # people
    columns:
      - name: id
        type: serial
        pk: true
      - name: email   # how to reach them
        renamed_from: e_mail
        type: text
        unique: true
        check: "length(email) > 3"
      - { name: x, type: text }
    unique: [[email, x]]
    indexes: ["lower(email)", { columns: [{ column: email, order: desc }], where: "email is not null" }]
    firestore: { fields: { mail: email }, omit: [x] }
  others:
    columns:
      - { name: m, type: text, references: clients.email }
      - { name: n, type: text, references: { table: clients, column: email } }
      - { name: e_mail, type: text }
`);
});

test("to the comparison it is a rename, nothing else", () => {
  const renamed = renameColumn(text, { table: "clients", from: "e_mail", to: "email" });
  const changes = diffRegistries(parseRegistry(text), parseRegistry(renamed)).map(describeChange);
  expect(changes.filter((change) => !change.startsWith("rename "))).toEqual([
    "change the documents of clients",
  ]);
});

test("a flow map, an odd name and Windows line ends are edited in their own style", () => {
  expect(renameColumn(text, { table: "clients", from: "x", to: "odd: name" })).toContain(
    '- { name: "odd: name", renamed_from: x, type: text }',
  );
  expect(
    renameColumn("tables:\r\n  t:\r\n    columns:\r\n    - type: text\r\n      name: a\r\n", {
      table: "t",
      from: "a",
      to: "b",
    }),
  ).toBe(
    "tables:\r\n  t:\r\n    columns:\r\n    - type: text\r\n      name: b\r\n      renamed_from: a\r\n",
  );
  expect(
    renameColumn(
      "tables:\n  t:\n    columns:\n      - name: b\n        renamed_from: a # older\n        type: text",
      { table: "t", from: "b", to: "c" },
    ),
  ).toContain("- name: c\n        renamed_from: b # older\n");
});

test("other files of the registry follow with elsewhere", () => {
  const other =
    "tables: { o: { columns: [{ name: m, type: text, references: clients.e_mail }] } }\n";
  expect(
    renameColumn(other, { table: "clients", from: "e_mail", to: "email" }, { elsewhere: true }),
  ).toBe(other.replace("e_mail", "email"));
});

test.each([
  [{ table: "client", from: "id", to: "y" }, 'There is no table "client", did you mean "clients"?'],
  [
    { table: "clients", from: "e_mial", to: "y" },
    'The table "clients" has no column "e_mial", did you mean "e_mail"?',
  ],
  [
    { table: "clients", from: "e_mail", to: "id" },
    'The table "clients" has a column "id" already.',
  ],
  [{ table: "clients", from: "e_mail", to: "" }, 'the name "" is empty.'],
])("%j is refused", (rename, message) => {
  expect(() => renameColumn(text, rename)).toThrow(
    expect.objectContaining({ code: "INVALID_EDIT", message }),
  );
});

test("a file that is no YAML is not edited", () => {
  expect(() => renameColumn("{", { table: "t", from: "a", to: "b" })).toThrow(
    expect.objectContaining({ code: "INVALID_REGISTRY" }),
  );
});
