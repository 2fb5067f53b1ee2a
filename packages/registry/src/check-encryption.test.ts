import { expect, test } from "vitest";
import { checkRegistry, parseRegistry } from "./index.ts";

function messagesOf(text: string): readonly string[] {
  return checkRegistry([{ file: "r.yml", text }]).problems.map(({ message }) => message);
}

test("an encrypted column keeps what it means, and has no blind index unless it says so", () => {
  const registry = parseRegistry(`
tables: { t: { columns: [{ name: a, type: date, encrypted: true }, { name: b, type: date, encrypted: false }] } }`);
  const columns = registry.tables.get("t")?.columns;
  expect(columns?.get("a")).toMatchObject({ type: { kind: "date" }, encryption: {} });
  expect(columns?.get("a")?.encryption?.blindIndex).toBeUndefined();
  expect(columns?.get("b")?.encryption).toBeUndefined();
});

test("a blind index is a column of the table, with an index to look it up", () => {
  const table = parseRegistry(`
tables:
  t:
    columns:
      - { name: email, type: varchar(255), nullable: false, encrypted: { blind_index: { normalize: lowercase } } }
      - { name: x, type: text }
`).tables.get("t");
  expect([...(table?.columns.keys() ?? [])]).toEqual(["email", "email_bidx", "x"]);
  expect(table?.columns.get("email")?.encryption).toEqual({
    blindIndex: { column: "email_bidx", normalize: "lowercase", bits: 64 },
  });
  expect(table?.columns.get("email_bidx")).toMatchObject({
    blindIndexOf: "email",
    nullable: false,
    type: { name: "text" },
  });
  expect(table?.indexes.map(({ name, parts }) => [name, parts])).toEqual([
    ["t_email_bidx_idx", [{ column: "email_bidx" }]],
  ]);
});

test("an encrypted column is unique by its blind index", () => {
  const table = parseRegistry(`
tables: { t: { columns: [{ name: a, type: text, unique: true, encrypted: { blind_index: { column: a_hash } } }] } }`).tables.get(
    "t",
  );
  expect(table?.uniques.map(({ name, columns }) => [name, columns])).toEqual([
    ["t_a_hash_key", ["a_hash"]],
  ]);
  expect(table?.indexes).toEqual([]);
  expect(table?.columns.get("a")?.encryption?.blindIndex?.bits).toBe(256);
});

test.each([
  [
    "name: a, type: text, pk: true, encrypted: true",
    ["a column of the primary key cannot be encrypted"],
  ],
  [
    "name: a, type: serial, encrypted: true",
    ["a serial cannot be encrypted, because PostgreSQL makes its values"],
  ],
  [
    "name: a, type: text, default: now(), encrypted: true",
    ["an encrypted column has no default, because PostgreSQL has no key to encrypt it with"],
  ],
  [
    "name: a, type: text, check: a > '', encrypted: true",
    [
      "an encrypted column has no check, because PostgreSQL sees only ciphertext",
      'the encrypted column "a" cannot be in a check',
    ],
  ],
  [
    "name: a, type: text, unique: true, encrypted: true",
    [
      "an encrypted column cannot be unique, because each ciphertext is another one",
      'the encrypted column "a" cannot be in a unique constraint',
    ],
  ],
  [
    "name: a, type: text, unique: true, encrypted: { blind_index: { bits: 64 } }",
    ["with 64 bits two different values may look the same, and unique would refuse the second"],
  ],
  [
    "name: a, type: boolean, encrypted: { blind_index: true }",
    ["boolean cannot have a blind index"],
  ],
  [
    'name: a, type: "text[]", encrypted: { blind_index: true }',
    ["an array cannot have a blind index"],
  ],
  [
    "name: a, type: date, encrypted: { blind_index: { normalize: trim } }",
    ['"normalize" is for texts, not for date'],
  ],
  ["name: a, type: text, encrypted: { blind_index: { bits: 16 } }", ["must be at least 32"]],
  [
    "name: a, type: text, encrypted: { blind_idnex: true }",
    ['unknown key "blind_idnex", did you mean "blind_index"?'],
  ],
])("{ %s } is refused", (column, messages) => {
  expect(messagesOf(`tables: { t: { columns: [{ ${column} }] } }`)).toEqual(messages);
});

test("ciphertext can be in no key, index, check or reference", () => {
  expect(
    messagesOf(`
tables:
  o: { columns: [{ name: id, type: integer, unique: true, encrypted: { blind_index: true } }] }
  t:
    columns:
      - { name: a, type: text, encrypted: { blind_index: true } }
      - { name: o_id, type: integer, encrypted: true, references: o.id }
      - { name: p_id, type: integer, references: o.id }
      - { name: a_bidx, type: text }
    unique: [[a]]
    indexes: [a, lower(a), { columns: p_id, where: a is not null }]
    checks: [length(a) > 1]
`).map((message) => message.replace(/, because.*/, "")),
  ).toEqual(
    expect.arrayContaining([
      "an encrypted column cannot reference another one",
      "an encrypted column cannot be in a foreign key",
      'the table has two columns "a_bidx", the first at r.yml:6',
      'the encrypted column "a" cannot be in a unique constraint',
      'the encrypted column "a" cannot be in an index',
      'the encrypted column "a" cannot be in a check',
    ]),
  );
});
