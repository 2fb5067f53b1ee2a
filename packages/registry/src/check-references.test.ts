import { expect, test } from "vitest";
import { checkRegistry, formatProblem, parseRegistry } from "./index.ts";

function problemsOf(text: string): readonly string[] {
  return checkRegistry([{ file: "r.yml", text }]).problems.map((problem) =>
    formatProblem({ ...problem, hint: "" }).replace(" ()", ""),
  );
}

test("a reference is a column, or a map with what happens when the other row goes", () => {
  const registry = parseRegistry(`
tables:
  clients: { columns: [{ name: id, type: serial, pk: true }, { name: client_id, type: integer, unique: true }] }
  a: { columns: [{ name: client_id, type: integer, references: clients.id }] }
  b: { columns: [{ name: c, type: integer, references: { table: clients, column: id, on_delete: cascade, on_update: set null, name: mine } }] }
  c: { fk: [clients.client_id], columns: [{ name: client_id, type: integer }] }
  d: { columns: [{ name: c, type: bigint, references: public.clients.id }] }
  e: { columns: [{ name: c, type: smallint, references: clients }] }
  self: { columns: [{ name: id, type: uuid, pk: true }, { name: parent, type: uuid, references: self.id }] }
`);
  const keys = [...registry.tables.values()].flatMap(({ foreignKeys }) => foreignKeys);
  expect(
    keys.map(({ name, columns, referencedTable, referencedColumns, onDelete, onUpdate }) => [
      name,
      columns.join(),
      `${referencedTable}.${referencedColumns.join()}`,
      onDelete,
      onUpdate,
    ]),
  ).toEqual([
    ["a_client_id_fkey", "client_id", "clients.id", "no action", "no action"],
    ["mine", "c", "clients.id", "cascade", "set null"],
    ["c_client_id_fkey", "client_id", "clients.client_id", "no action", "no action"],
    ["d_c_fkey", "c", "clients.id", "no action", "no action"],
    ["e_c_fkey", "c", "clients.id", "no action", "no action"],
    ["self_parent_fkey", "parent", "self.id", "no action", "no action"],
  ]);
});

test("tables may reference each other in a circle", () => {
  expect(
    problemsOf(`
tables:
  a: { columns: [{ name: id, type: serial, pk: true }, { name: b_id, type: integer, references: b.id }] }
  b: { columns: [{ name: id, type: serial, pk: true }, { name: a_id, type: integer, references: a.id }] }
`),
  ).toEqual([]);
});

test("a foreign key may have several columns, of a key in another order", () => {
  const registry = parseRegistry(`
tables:
  a: { pk: [x, y], columns: [{ name: x, type: text }, { name: y, type: integer }] }
  b:
    columns: [{ name: p, type: text }, { name: q, type: integer }]
    fk: [{ columns: [q, p], table: a, references: [y, x], on_delete: restrict }]
`);
  expect(registry.tables.get("b")?.foreignKeys[0]).toMatchObject({
    name: "b_q_p_fkey",
    columns: ["q", "p"],
    referencedColumns: ["y", "x"],
    onDelete: "restrict",
  });
});

test("names that are not there are reported, with the nearest ones", () => {
  expect(
    problemsOf(`
tables:
  clients: { columns: [{ name: id, type: serial, pk: true }] }
  a: { columns: [{ name: x, type: integer, references: client.id }] }
  b: { columns: [{ name: x, type: integer, references: clients.di }] }
  c: { columns: [{ name: x, type: integer }], fk: [clients.id] }
  d: { columns: [{ name: x, type: integer, references: a }] }
`),
  ).toEqual([
    'r.yml:4:56 tables.a.columns[0].references: there is no table "client", did you mean "clients"?',
    'r.yml:5:56 tables.b.columns[0].references: the table "clients" has no column "di"',
    'r.yml:6:52 tables.c.fk[0]: the table has no column "id"',
    'r.yml:7:56 tables.d.columns[0].references: the table "a" has no primary key',
  ]);
});

test("what PostgreSQL would refuse is refused", () => {
  expect(
    problemsOf(`
tables:
  a:
    columns:
      - { name: id, type: serial, pk: true }
      - { name: code, type: text }
      - { name: part, type: integer }
    indexes: [{ columns: part, unique: true, where: part > 0 }]
  b:
    columns:
      - { name: p, type: text, references: a.id }
      - { name: q, type: text, references: a.code }
      - { name: r, type: integer, nullable: false, references: { table: a, column: id, on_delete: set null } }
      - { name: s, type: integer, nullable: false, references: { table: a, column: id, on_delete: set default } }
      - { name: t, type: integer, references: a.part }
      - { name: id, type: integer, references: a.id }
    fk: [a.id]
`),
  ).toEqual([
    'r.yml:11:44 tables.b.columns[0].references: "p" is text, but "a.id" is serial',
    'r.yml:12:44 tables.b.columns[1].references: "a" (code) is neither the primary key nor unique, so that it can have several rows of one value',
    'r.yml:13:64 tables.b.columns[2].references: "set null" cannot work: the column "r" is not nullable',
    'r.yml:14:64 tables.b.columns[3].references: "set default" cannot work: the column "s" has no default and is not nullable',
    'r.yml:15:47 tables.b.columns[4].references: "a" (part) is neither the primary key nor unique, so that it can have several rows of one value',
    'r.yml:17:10 tables.b.fk[0]: the foreign key to "a" is declared twice',
  ]);
});

test("a unique index can be referenced as well as a unique constraint", () => {
  expect(
    problemsOf(`
tables:
  a: { columns: [{ name: x, type: text }, { name: y, type: text, unique: true }], indexes: [{ columns: x, unique: true }] }
  b: { columns: [{ name: p, type: varchar(9), references: a.x }, { name: q, type: text, references: a.y }] }
`),
  ).toEqual([]);
});

test("one broken table makes no problems for those that reference it", () => {
  expect(
    problemsOf(`
tables:
  a: { columns: [{ name: id, type: srial, pk: true }] }
  b: { columns: [{ name: a_id, type: integer, references: a.id }] }
  c: 5
  d: { columns: [{ name: c_id, type: integer, references: c.id }] }
`),
  ).toEqual([
    'r.yml:3:36 tables.a.columns[0].type: unknown type "srial", did you mean "serial"?',
    "r.yml:5:3 tables.c: must be a map, not the number 5",
  ]);
});
