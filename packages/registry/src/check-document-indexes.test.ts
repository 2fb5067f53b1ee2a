import { expect, test } from "vitest";
import { checkRegistry, parseRegistry, renameColumn } from "./index.ts";

const tableOf = (indexes: string): string => `tables:
  t:
    columns:
      - { name: id, type: text, primary_key: true }
      - { name: created_at, type: timestamptz }
      - { name: tags, type: "text[]" }
      - { name: words, type: "text[]" }
      - { name: place, type: "real[]" }
    firestore:
      fields: { metadata: map, place: { column: place, type: vector }, status: string }
      indexes: ${indexes}
`;

function indexesOf(indexes: string): unknown {
  return parseRegistry(tableOf(indexes))
    .tables.get("t")
    ?.firestore?.indexes.map(({ fields, scope }) => [
      scope,
      ...fields.map(({ path, by }) => [path.join("/"), by]),
    ]);
}

test("an index is a field, a list of fields, or a map with its scope", () => {
  expect(
    indexesOf(
      "[status, [status, { field: createdAt, order: desc }], { fields: [status], scope: collection_group }]",
    ),
  ).toEqual([
    ["collection", ["status", "asc"]],
    ["collection", ["status", "asc"], ["createdAt", "desc"]],
    ["collection_group", ["status", "asc"]],
  ]);
});

test("arrays are indexed by their elements, vectors by their dimension, and maps by what is in them", () => {
  expect(
    indexesOf("[[tags, metadata.kind, __name__], [status, { field: place, dimension: 3 }]]"),
  ).toEqual([
    ["collection", ["tags", "contains"], ["metadata/kind", "asc"], ["__name__", "asc"]],
    ["collection", ["status", "asc"], ["place", { dimension: 3 }]],
  ]);
});

test.each([
  ["[stauts]", 'there is no field "stauts", did you mean "status"?'],
  ["[status.x]", 'there is no field "status.x", did you mean "status"?'],
  ["[metadata.]", 'there is no field "metadata.", did you mean "metadata"?'],
  ["[[status, status]]", "an index has each field once"],
  ["[[tags, words]]", "an index of Firestore has one array at most"],
  ["[place]", 'the index of a vector needs its "dimension"'],
  ["[[{ field: tags, order: asc }]]", "an array is indexed without an order"],
  ["[[{ field: status, dimension: 3 }]]", "a field of the type string has no dimension"],
  ["[[{ field: place, dimension: 3, order: asc }]]", "a vector has no order"],
  [
    "[[{ field: place, dimension: 3 }, status]]",
    "the vector is the last field of an index of Firestore",
  ],
  ["[[__name__, status]]", "the document's name is the last field of an index of Firestore"],
  ["status", 'must be a list, not "status"'],
  ["[7]", "must be a field, not the number 7"],
  ["[{ scope: collection }]", 'the key "fields" is missing'],
])("%s is refused", (indexes, message) => {
  const { problems } = checkRegistry([{ file: "r.yml", text: tableOf(indexes) }]);
  expect(problems.map((problem) => problem.message)).toEqual([message]);
});

test("a renamed column takes the owner and the indexes of its field along", () => {
  const text = `tables:
  t:
    columns: [{ name: id, type: text, pk: true }, { name: made_by, type: text }, { name: made_at, type: text }]
    firestore: { owner: made_by, indexes: [madeBy, [{ field: madeAt, order: desc }, madeBy], { fields: madeBy }] }
`;
  const renamed = renameColumn(text, { table: "t", from: "made_by", to: "owner_uid" });
  expect(renamed).toContain(
    "firestore: { owner: owner_uid, indexes: [ownerUid, [{ field: madeAt, order: desc }, ownerUid], { fields: ownerUid }] }",
  );
  expect(parseRegistry(renamed).tables.get("t")?.firestore?.access.owner).toEqual({
    kind: "field",
    field: "ownerUid",
  });
  const named = text.replace("owner: made_by", "fields: { madeBy: made_by }, owner: made_by");
  expect(renameColumn(named, { table: "t", from: "made_by", to: "x" })).toContain(
    "indexes: [madeBy, [",
  );
});
