import { describe, expect, test } from "vitest";
import { camelCase } from "./document-fields.ts";
import { checkRegistry, formatProblem, parseRegistry } from "./index.ts";

function problemsOf(text: string): readonly string[] {
  return checkRegistry([{ file: "r.yml", text }]).problems.map((problem) =>
    formatProblem({ ...problem, hint: "" }).replace(" ()", ""),
  );
}

/** Documents of a table with a key and one column. */
function fieldsOf(column: string, firestore = "true"): Record<string, string> {
  const table = parseRegistry(`
enums: { e: [x] }
tables: { t: { columns: [{ name: id, type: serial, pk: true }, { name: a, ${column} }], firestore: ${firestore} } }`).tables.get(
    "t",
  );
  return Object.fromEntries(
    [...(table?.firestore?.fields ?? [])].map(([name, { type, column: from }]) => [
      name,
      `${from ?? "own"} ${type}`,
    ]),
  );
}

test("documents are in the collection of the table's name, their id is the primary key, their fields are in camelCase", () => {
  const mapping = parseRegistry(`
tables:
  clients:
    columns: [{ name: id, type: uuid, pk: true }, { name: created_at, type: timestamptz }, { name: born, type: date }]
    firestore: true
  none: { columns: [{ name: id, type: uuid, pk: true }], firestore: false }
`).tables;
  const clients = mapping.get("clients")?.firestore;
  expect(clients).toMatchObject({ collection: "clients", idColumn: "id" });
  expect(
    [...(clients?.fields.values() ?? [])].map(({ name, column, type }) => [name, column, type]),
  ).toEqual([
    ["createdAt", "created_at", "timestamp"],
    ["born", "born", "string"],
  ]);
  expect(mapping.get("none")?.firestore).toBeUndefined();
});

test("underscores become capitals, but not at the ends", () => {
  expect(
    ["created_at", "a__b", "_private", "address_1", "x_", "größe_änderung", "camelCase"].map(
      camelCase,
    ),
  ).toEqual(["createdAt", "aB", "_private", "address1", "x_", "größeÄnderung", "camelCase"]);
});

test("named fields come first, in their order; a column may be omitted; an own field has its type", () => {
  const table = parseRegistry(`
tables:
  t:
    columns: [{ name: id, type: serial, pk: true }, { name: a, type: jsonb }, { name: b, type: text }, { name: c, type: text }, { name: d, type: text }]
    firestore:
      collection: things
      fields: { metadata: { type: map, required: true, description: Free. }, tags: array, id: id, config: { column: a, type: map }, see: b }
      omit: [c]
`).tables.get("t");
  expect(
    [...(table?.firestore?.fields.values() ?? [])].map((field) =>
      Object.fromEntries(Object.entries(field).filter(([key]) => key !== "source")),
    ),
  ).toEqual([
    { name: "metadata", type: "map", required: true, description: "Free." },
    { name: "tags", type: "array", required: false },
    { name: "id", column: "id", type: "string" },
    { name: "config", column: "a", type: "map" },
    { name: "see", column: "b", type: "string" },
    { name: "d", column: "d", type: "string" },
  ]);
});

test("a column that references another table's document id is a string, so that both sides compare", () => {
  const { tables } = parseRegistry(`
tables:
  clients: { columns: [{ name: id, type: serial, pk: true }, { name: no, type: integer, unique: true }], firestore: true }
  plain: { columns: [{ name: id, type: serial, pk: true }] }
  b:
    columns:
      - { name: id, type: serial, pk: true }
      - { name: client_id, type: integer, references: clients.id }
      - { name: client_no, type: integer, references: clients.no }
      - { name: plain_id, type: integer, references: plain.id }
      - { name: other_id, type: integer, references: clients.id }
    firestore: { fields: { otherId: { column: other_id, type: integer } } }
`);
  const fields = tables.get("b")?.firestore?.fields;
  expect(
    ["clientId", "clientNo", "plainId", "otherId"].map((name) => fields?.get(name)?.type),
  ).toEqual(["string", "integer", "integer", "integer"]);
});

describe("what documents can hold", () => {
  test.each([
    ["type: bigint", "integer"],
    ["type: 'numeric(10,2)'", "string"],
    ["type: real", "double"],
    ["type: boolean", "boolean"],
    ["type: uuid", "string"],
    ["type: timestamp", "timestamp"],
    ["type: interval", "string"],
    ["type: jsonb", "any"],
    ["type: bytea", "bytes"],
    ["type: e", "string"],
    ['type: "bigint[]"', "array"],
    ["type: bigint, encrypted: true", "string"],
  ])("{ %s } becomes %s", (column, type) => {
    expect(fieldsOf(column)).toEqual({ a: `a ${type}` });
  });

  test("another type is possible where it holds every value", () => {
    expect(fieldsOf("type: bigint", "{ fields: { a: { column: a, type: string } } }")).toEqual({
      a: "a string",
    });
    expect(fieldsOf("type: jsonb", "{ fields: { b: { column: a, type: map } } }")).toEqual({
      b: "a map",
    });
    expect(fieldsOf('type: "real[]"', "{ fields: { v: { column: a, type: vector } } }")).toEqual({
      v: "a vector",
    });
  });

  test.each([
    [
      "type: bigint",
      "double",
      "a field of the type double cannot hold every bigint",
      "use integer or string",
    ],
    [
      "type: 'numeric(9,2)'",
      "double",
      "a field of the type double cannot hold every numeric(9,2)",
      "use string",
    ],
    [
      "type: boolean",
      "string",
      "a field of the type string cannot hold every boolean",
      "use boolean",
    ],
    [
      "type: text, encrypted: true",
      "bytes",
      'a field of the type bytes cannot hold every ciphertext of the encrypted column "a"',
      "use string",
    ],
    [
      'type: "text[][]"',
      "array",
      'Firestore has no arrays of arrays, so that documents cannot hold the text[][] "a"',
      "put it into firestore.omit, or make it jsonb",
    ],
  ])("{ %s } as %s is refused at load, with the way out", (column, type, message, hint) => {
    const text = `tables: { t: { columns: [{ name: id, type: serial, pk: true }, { name: a, ${column} }], firestore: { fields: { f: { column: a, type: ${type} } } } } }`;
    expect(checkRegistry([{ file: "r.yml", text }]).problems).toMatchObject([
      { code: "lossy-mapping", message, hint },
    ]);
  });

  test("an array of arrays is refused where it would get a field by itself, not where it is omitted", () => {
    expect(
      problemsOf(
        'tables: { t: { columns: [{ name: id, type: serial, pk: true }, { name: a, type: "text[][]" }], firestore: true } }',
      ),
    ).toHaveLength(1);
    expect(fieldsOf('type: "text[][]"', "{ omit: [a] }")).toEqual({});
  });
});

test("blind indexes are not for documents", () => {
  expect(fieldsOf("type: text, encrypted: { blind_index: true }")).toEqual({ a: "a string" });
});

test("what does not fit is reported where it stands", () => {
  expect(
    problemsOf(`
tables:
  t:
    columns: [{ name: id, type: serial, pk: true }, { name: created_at, type: text }, { name: createdAt, type: text }, { name: x, type: text }, { name: y, type: text }]
    firestore:
      fields:
        __id__: x
        x: { type: map }
        kind: txet
        p: y
        q: y
        r: { description: nothing }
        s: xx
        y: 5
      omit: [y, z]
      feilds: {}
`),
  ).toEqual([
    'r.yml:4:95 tables.t.columns[2].name: the field "createdAt" of the column "createdAt" is that of the column "created_at" already',
    'r.yml:7:9 tables.t.firestore.fields.__id__: the field name "__id__" is reserved: Firestore keeps __…__ for itself',
    `r.yml:8:9 tables.t.firestore.fields.x: the field "x" is the document's own, but the table has a column of that name`,
    'r.yml:9:15 tables.t.firestore.fields.kind: the table has no column "txet"',
    'r.yml:10:12 tables.t.firestore.fields.p: the column "y" is in omit as well',
    'r.yml:11:12 tables.t.firestore.fields.q: the column "y" is in omit as well',
    'r.yml:11:12 tables.t.firestore.fields.q: the column "y" is in the field "p" already',
    'r.yml:12:12 tables.t.firestore.fields.r: the key "type" is missing',
    'r.yml:13:12 tables.t.firestore.fields.s: the table has no column "xx", did you mean "x"?',
    "r.yml:14:12 tables.t.firestore.fields.y: must be a column, a Firestore type, or a map of column or type, not the number 5",
    'r.yml:15:17 tables.t.firestore.omit[1]: the table has no column "z", did you mean "x"?',
    'r.yml:16:7 tables.t.firestore: unknown key "feilds", did you mean "fields"?',
  ]);
});

test("a document's id is one unique, required column that has one spelling", () => {
  expect(
    problemsOf(`
tables:
  a: { columns: [{ name: x, type: text }], firestore: true }
  b: { pk: [x, y], columns: [{ name: x, type: text }, { name: y, type: text }], firestore: true }
  c: { columns: [{ name: x, type: text, unique: true }], firestore: { id: x } }
  d: { columns: [{ name: x, type: jsonb, pk: true }], firestore: true }
  e: { columns: [{ name: x, type: text, pk: true }], firestore: { id: z } }
  f: { columns: [{ name: x, type: text, pk: true }], firestore: { omit: [x] } }
  g: { columns: [{ name: x, type: uuid, unique: true, required: true }], firestore: { id: x } }
`),
  ).toEqual([
    "r.yml:3:55 tables.a.firestore: the table has no primary key to make document ids of",
    "r.yml:4:92 tables.b.firestore: the primary key has several columns, so that it cannot be the document's id",
    `r.yml:5:75 tables.c.firestore.id: the column "x" cannot be the document's id, because it is not both unique and required`,
    "r.yml:6:66 tables.d.firestore: a jsonb cannot be the document's id",
    'r.yml:7:71 tables.e.firestore.id: the table has no column "z", did you mean "x"?',
    `r.yml:8:65 tables.f.firestore: the column "x" is the document's id and cannot be omitted`,
  ]);
});

test("no two tables share documents, nor a table and a collection", () => {
  expect(
    problemsOf(`
collections: { logs: { fields: { at: timestamp } }, __x__: { fields: { __y__: map, z: mpa, w: { column: a, type: map } } }, v: 5 }
tables:
  a: { columns: [{ name: id, type: serial, pk: true }], firestore: true }
  b: { columns: [{ name: id, type: serial, pk: true }], firestore: { collection: a } }
  logs: { columns: [{ name: id, type: serial, pk: true }], firestore: true }
  c: { columns: [{ name: id, type: serial, pk: true }], firestore: { collection: a/b/c } }
`),
  ).toEqual([
    'r.yml:2:53 collections.__x__: the collection name "__x__" is reserved: Firestore keeps __…__ for itself',
    'r.yml:2:72 collections.__x__.fields.__y__: the field name "__y__" is reserved: Firestore keeps __…__ for itself',
    'r.yml:2:87 collections.__x__.fields.z: unknown Firestore type "mpa", did you mean "map"?',
    "r.yml:2:97 collections.__x__.fields.w.column: a collection without a table has no columns",
    "r.yml:2:125 collections.v: must be a map, not the number 5",
    'r.yml:5:82 tables.b.firestore.collection: the collection "a" is also that of tables.a.firestore (r.yml:4)',
    'r.yml:6:71 tables.logs.firestore: the collection "logs" is also that of collections.logs (r.yml:2)',
    'r.yml:7:82 tables.c.firestore.collection: the collection name "a/b/c" has a slash: subcollections are not supported',
  ]);
});

test("a collection has fields of its own", () => {
  const { collections } = parseRegistry(
    "collections: { logs: { description: All., fields: { at: timestamp, by: { type: string, required: true } } } }\n",
  );
  expect(collections.get("logs")).toMatchObject({ name: "logs", description: "All." });
  expect(
    [...(collections.get("logs")?.fields.values() ?? [])].map(({ name, type, required }) => [
      name,
      type,
      required,
    ]),
  ).toEqual([
    ["at", "timestamp", false],
    ["by", "string", true],
  ]);
});
