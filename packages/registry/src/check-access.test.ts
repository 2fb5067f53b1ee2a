import { describe, expect, test } from "vitest";
import { checkRegistry, formatProblem, parseRegistry } from "./index.ts";

function tableOf(firestore: string): string {
  return `tables:
  t:
    columns:
      - { name: id, type: text, primary_key: true }
      - { name: owner_uid, type: text }
      - { name: secret, type: text, encrypted: true }
      - { name: hidden, type: text }
      - { name: age, type: integer }
    firestore: ${firestore}
`;
}

function accessOf(firestore: string): unknown {
  return parseRegistry(tableOf(firestore)).tables.get("t")?.firestore?.access;
}

const rule = (owner: string, fields = ""): unknown =>
  accessOf(`{ owner: ${owner}, access: { read: owner }, fields: { ${fields} } }`);

const none = { read: "none", create: "none", update: "none", delete: "none" };

describe("who may do what", () => {
  test("nobody may do anything unless the file says so", () => {
    expect(accessOf("true")).toEqual(none);
    const { collections } = parseRegistry("collections: { c: { fields: { at: timestamp } } }");
    expect(collections.get("c")).toMatchObject({ access: none, indexes: [] });
  });

  test("write is create, update and delete, and each of them says otherwise", () => {
    expect(accessOf("{ access: { read: signed_in, write: signed_in, delete: none } }")).toEqual({
      read: "signed_in",
      create: "signed_in",
      update: "signed_in",
      delete: "none",
    });
  });

  test("the owner is in a column's field, in a field of the document's own, or in the document's id", () => {
    expect(rule("owner_uid")).toMatchObject({ owner: { kind: "field", field: "ownerUid" } });
    expect(rule("owner_uid", "by: owner_uid")).toMatchObject({ owner: { field: "by" } });
    expect(rule("user", "user: string")).toMatchObject({ owner: { field: "user" } });
    expect(rule("id")).toMatchObject({ owner: { kind: "id" } });
  });

  test.each([
    ["{ access: { read: owner } }", "access names the owner, and nothing says who that is"],
    ["{ owner: ownr_uid }", 'there is no column or field "ownr_uid", did you mean "owner_uid"?'],
    ["{ owner: age }", 'the field "age" is of the type integer, and a user id is a plain string'],
    ["{ owner: secret }", 'the field "secret" is encrypted, and a user id is a plain string'],
    [
      "{ owner: hidden, omit: [hidden] }",
      'documents do not have the column "hidden", so that it cannot name their owner',
    ],
    ["{ access: { read: everybody } }", 'must be none, owner or signed_in, not "everybody"'],
    ["{ access: { raed: owner } }", 'unknown key "raed", did you mean "read"?'],
  ])("%s is refused", (firestore, message) => {
    const { problems } = checkRegistry([{ file: "r.yml", text: tableOf(firestore) }]);
    expect(problems.map((problem) => problem.message)).toEqual([message]);
  });

  test("a collection without a table has owners too, and none that is not there", () => {
    const text =
      "collections: { c: { fields: { by: string }, owner: bye, access: { read: owner } } }";
    expect(
      checkRegistry([{ file: "r.yml", text }]).problems.map((problem) => formatProblem(problem)),
    ).toEqual(['r.yml:1:52 collections.c.owner: there is no field "bye", did you mean "by"?']);
    expect(parseRegistry(text.replace("bye", "by")).collections.get("c")?.access).toMatchObject({
      owner: { kind: "field", field: "by" },
      read: "owner",
      create: "none",
    });
  });
});
