import { parseRegistry } from "@ctb-data/registry";
import { describe, expect, test } from "vitest";
import { firestoreIndexes } from "./firestore-indexes.ts";

interface IndexFile {
  readonly indexes: readonly {
    readonly collectionGroup: string;
    readonly queryScope: string;
    readonly fields: readonly object[];
  }[];
  readonly fieldOverrides: readonly object[];
}

function indexesOf(yaml: string): IndexFile {
  const file: IndexFile = JSON.parse(firestoreIndexes(parseRegistry(yaml)));
  return file;
}

const tableOf = (rest: string, columns = ""): string => `tables:
  people:
    columns:
      - { name: id, type: serial, primary_key: true }
      - { name: first_name, type: text }
      - { name: born_on, type: date }
      - { name: tags, type: "text[]" }
      - { name: words, type: "text[]" }
      - { name: data, type: jsonb }
      - { name: hidden, type: text }
${columns}
    ${rest}
`;

const inDocuments = "firestore: { collection: folks, omit: [hidden] }";

describe("composite indexes", () => {
  test("those of the table whose columns are all in documents, by the names and the order there", () => {
    const { indexes } = indexesOf(
      tableOf(`${inDocuments}
    indexes: [[first_name, { column: born_on, order: desc }], [tags, first_name]]`),
    );
    expect(indexes).toEqual([
      {
        collectionGroup: "folks",
        queryScope: "COLLECTION",
        fields: [
          { fieldPath: "firstName", order: "ASCENDING" },
          { fieldPath: "bornOn", order: "DESCENDING" },
        ],
      },
      {
        collectionGroup: "folks",
        queryScope: "COLLECTION",
        fields: [
          { fieldPath: "tags", arrayConfig: "CONTAINS" },
          { fieldPath: "firstName", order: "ASCENDING" },
        ],
      },
    ]);
  });

  test.each([
    ["a single field, which Firestore indexes by itself", "[first_name]"],
    ["a column that documents do not have", "[[hidden, first_name]]"],
    ["an expression", "[[lower(first_name), born_on]]"],
    ["two arrays", "[[tags, words]]"],
    ["JSON as a whole", "[[data, first_name]]"],
    ["an access method of its own", "[{ columns: [born_on, first_name], method: brin }]"],
  ])("%s makes none", (_, list) => {
    expect(indexesOf(tableOf(`${inDocuments}\n    indexes: ${list}`)).indexes).toEqual([]);
  });

  test("two indexes that are one for Firestore are one", () => {
    const list =
      "[[first_name, born_on], { columns: [first_name, born_on], where: born_on > '1900-01-01' }]";
    expect(indexesOf(tableOf(`${inDocuments}\n    indexes: ${list}`)).indexes).toHaveLength(1);
  });

  test("those that the registry gives to documents, vectors and collection groups among them", () => {
    const file = indexesOf(`collections:
  logs:
    fields: { at: timestamp, of: map, embedding: vector, "odd name": string }
    indexes:
      - [of.kind, { field: at, order: desc }]
      - { fields: [odd name, at], scope: collection_group }
      - [{ field: embedding, dimension: 3 }]
      - { fields: at, scope: collection_group }
      - { fields: { field: at, order: desc }, scope: collection_group }
`);
    expect(file.indexes.map(({ queryScope, fields }) => [queryScope, ...fields])).toEqual([
      [
        "COLLECTION",
        { fieldPath: "of.kind", order: "ASCENDING" },
        { fieldPath: "at", order: "DESCENDING" },
      ],
      [
        "COLLECTION_GROUP",
        { fieldPath: "`odd name`", order: "ASCENDING" },
        { fieldPath: "at", order: "ASCENDING" },
      ],
      ["COLLECTION", { fieldPath: "embedding", vectorConfig: { dimension: 3, flat: {} } }],
    ]);
    expect(file.fieldOverrides).toEqual([
      {
        collectionGroup: "logs",
        fieldPath: "at",
        indexes: [
          { order: "ASCENDING", queryScope: "COLLECTION" },
          { order: "DESCENDING", queryScope: "COLLECTION" },
          { arrayConfig: "CONTAINS", queryScope: "COLLECTION" },
          { order: "ASCENDING", queryScope: "COLLECTION_GROUP" },
          { order: "DESCENDING", queryScope: "COLLECTION_GROUP" },
        ],
      },
    ]);
  });
});

describe("exemptions", () => {
  const columns = `      - { name: secret, type: text, encrypted: true }
      - { name: photo, type: bytea }
      - { name: story, type: text, max: 20000 }
      - { name: note, type: varchar(1500) }`;

  test("ciphertext, JSON, bytes and long texts are not indexed", () => {
    expect(indexesOf(tableOf(inDocuments, columns)).fieldOverrides).toEqual(
      ["data", "secret", "photo", "story"].map((fieldPath) => ({
        collectionGroup: "folks",
        fieldPath,
        indexes: [],
      })),
    );
  });

  test("what an index or a unique constraint mentions is indexed all the same", () => {
    const file = indexesOf(
      tableOf(
        `firestore: { omit: [hidden], indexes: [[data.kind, firstName], photo] }
    indexes: [{ columns: [story], method: hash }]
    unique: [[note]]`,
        columns,
      ),
    );
    expect(file.fieldOverrides).toEqual([
      { collectionGroup: "people", fieldPath: "secret", indexes: [] },
    ]);
  });
});

test("the file has what firebase deploy asks for, even of an empty registry", () => {
  const text = firestoreIndexes(parseRegistry("tables: {}\nenums: { e: [a] }\n"));
  expect(JSON.parse(text)).toEqual({
    "//": expect.stringContaining("Generated by ctb-data (firestore)"),
    indexes: [],
    fieldOverrides: [],
  });
  expect(text.endsWith("}\n")).toBe(true);
});
