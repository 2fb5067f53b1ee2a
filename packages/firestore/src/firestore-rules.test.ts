import { parseRegistry } from "@ctb-data/registry";
import { describe, expect, test } from "vitest";
import { firestoreRules } from "./firestore-rules.ts";

function rulesOf(columns: string, firestore: string): string {
  return firestoreRules(
    parseRegistry(`enums: { state: [open, done] }
tables:
  t:
    columns:
      - { name: id, type: serial, primary_key: true }
${columns}
    firestore: ${firestore}
`),
  );
}

/** The conditions of a field's value. */
function checkOf(column: string, firestore = ""): string | undefined {
  const rules = rulesOf(
    `      - { name: a, ${column} }`,
    `{ access: { create: signed_in }${firestore} }`,
  );
  const [, ...conditions] = /function isValid[^]*?\n {6}\}/.exec(rules)?.[0].split("&& ") ?? [];
  return conditions
    .map((condition) => condition.trim().replace(/;\s*\}$/, ""))
    .join(" && ")
    .replace(/\s+/g, " ");
}

const secret = (more: string): string =>
  rulesOf(
    `      - { name: a, type: text, encrypted: true${more} }`,
    "{ access: { read: signed_in, create: signed_in, update: signed_in } }",
  );

const fields = (count: number): string =>
  rulesOf(
    Array.from({ length: count }, (_, at) => `      - { name: c${at}, type: boolean }`).join("\n"),
    "{ access: { create: signed_in } }",
  );

const required = "data.keys().hasAll(['a']) && ";

describe("what may be done", () => {
  test("nothing, unless the registry says so", () => {
    const rules = rulesOf("", "true");
    expect(rules).toContain("// No app may read or write it.");
    expect(rules.match(/allow .*/g)).toEqual(["allow read, write: if false;"]);
  });

  test("what a signed-in user may do, one who is not may not", () => {
    const rules = rulesOf("", "{ access: { read: signed_in, delete: signed_in } }");
    expect(rules.match(/allow .*/g)).toEqual([
      "allow read: if request.auth != null;",
      "allow delete: if request.auth != null;",
      "allow read, write: if false;",
    ]);
    expect(rules).not.toContain("isValid");
  });

  test("an owner is the one in the document before, and stays it", () => {
    const rules = rulesOf(
      "      - { name: by, type: text }",
      "{ owner: by, access: { read: owner, write: owner } }",
    );
    expect(rules).toContain("return request.auth.uid == data.by;");
    expect(rules.match(/allow .*/g)?.slice(0, 4)).toEqual([
      "allow read: if request.auth != null && isOwner(resource.data);",
      "allow create: if request.auth != null && isOwner(request.resource.data) && hasValidId() && isValid(request.resource.data, {});",
      "allow update: if request.auth != null && isOwner(resource.data) && isOwner(request.resource.data) && isValid(request.resource.data, resource.data);",
      "allow delete: if request.auth != null && isOwner(resource.data);",
    ]);
  });

  test("whoever may write does not become the owner by it", () => {
    const rules = rulesOf(
      "      - { name: by, type: text }",
      "{ owner: by, access: { update: signed_in } }",
    );
    expect(rules).toContain(
      "request.resource.data.get('by', null) == resource.data.get('by', null)",
    );
    expect(rules).not.toContain("isOwner");
  });

  test("the owner of a document that has a user's id is that user", () => {
    const rules = firestoreRules(
      parseRegistry(
        "tables: { users: { columns: [{ name: uid, type: text, pk: true }], firestore: { owner: uid, access: { read: owner } } } }",
      ),
    );
    expect(rules).toContain("return request.auth.uid == document;");
    expect(rules).toContain("allow read: if request.auth != null && isOwner();");
  });

  test("ciphertext is for servers to write", () => {
    expect(secret("")).toContain("// a is encrypted: apps see ciphertext, and cannot write it.");
    expect(secret("")).toContain("&& data.get('a', null) == before.get('a', null)");
    expect(secret(", required: true")).toContain(
      "// No app can create one: a field that is required is encrypted.",
    );
    expect(secret(", required: true")).not.toContain("allow create");
    expect(secret(", required: true")).toContain("allow update");
  });
});

describe("what a document may be", () => {
  test("it has the fields of the registry and no other, and those that are required", () => {
    const rules = rulesOf(
      "      - { name: a, type: text, required: true }\n      - { name: b_c, type: text }",
      "{ fields: { own: { type: map, required: true } }, access: { create: signed_in } }",
    );
    expect(rules).toContain("data.keys().hasOnly(['own', 'a', 'bC'])");
    expect(rules).toContain("data.keys().hasAll(['own', 'a'])");
    expect(rules).toContain("&& data.own is map\n");
  });

  test.each([
    ["type: text, required: true", `${required}data.a is string`],
    ["type: varchar(20), required: true", `${required}data.a.matches('(?s).{0,20}')`],
    ["type: varchar(1500), required: true", `${required}data.a.matches('(?s).{0,1000}.{0,500}')`],
    [
      "type: text, max: 5000, required: true",
      `${required}data.a is string && data.a.size() <= 5000`,
    ],
    [
      "type: text, min: 2, max: 3, pattern: '\\d', required: true",
      `${required}data.a.matches('(?s).{2,3}') && data.a.matches('(?s).*(?:\\\\d).*')`,
    ],
    ["type: text, pattern: '(?=a)', required: true", `${required}data.a is string`],
    ["type: text", "(data.get('a', null) == null || data.a is string)"],
    ["type: text, required: true, default: \"'x'\"", "(!('a' in data) || data.a is string)"],
    ["type: text, enum: [x, y'z], required: true", `${required}data.a in ['x', 'y\\'z']`],
    ["type: state, required: true", `${required}data.a in ['open', 'done']`],
    ['type: "state[]", required: true', `${required}data.a.hasOnly(['open', 'done', null])`],
    ['type: "integer[]", required: true', `${required}data.a is list`],
    [
      "type: smallint, min: 1, required: true",
      `${required}data.a is int && data.a >= 1 && data.a <= 32767`,
    ],
    ["type: bigint, required: true", `${required}data.a is int`],
    ["type: real, max: 0.5, required: true", `${required}data.a is number && data.a <= 0.5`],
    ["type: boolean, required: true", `${required}data.a is bool`],
    ["type: bytea, required: true", `${required}data.a is bytes`],
    ["type: jsonb, required: true", `${required}data.a != null`],
    ["type: jsonb", ""],
    [
      "type: 'numeric(5,2)', min: 0, required: true",
      `${required}data.a.matches('[-+]?0*[0-9]{0,3}([.][0-9]*)?|NaN|-?Infinity') && float(data.a) >= 0`,
    ],
    [
      "type: timestamptz, required: true",
      `${required}(data.a is timestamp || data.a.matches('.*infinity|.* BC|[0-9]{5,}-.*'))`,
    ],
  ])("{ %s } is %s", (column, check) => {
    expect(checkOf(column)).toBe(check);
  });

  test("a document that repeats its id says the same", () => {
    const rules = rulesOf("", "{ fields: { id: id }, access: { create: signed_in } }");
    expect(rules).toContain("&& data.get('id', document) == document;");
    expect(rules).toContain("return document.matches('0|-?[1-9][0-9]{0,18}')");
  });

  test("names that rules have no word for are in brackets, and a collection is compared", () => {
    const rules = firestoreRules(
      parseRegistry(
        `collections: { "my things": { fields: { in: bytes, "a b": { type: string, required: true } }, access: { create: signed_in } } }`,
      ),
    );
    expect(rules).toContain("data['in'] is bytes");
    expect(rules).toContain("data['a b'] is string");
    expect(rules).toContain("match /{collection}/{document} {");
    expect(rules).toContain(
      "allow create: if collection == 'my things' && request.auth != null && isValid",
    );
  });

  test("many fields are checked in several functions, and too many are left to the models", () => {
    expect(fields(45)).toContain("&& hasValidFields3(data)");
    expect(fields(45)).not.toContain("left to the models");
    expect(fields(100)).toContain("// Values are left to the models");
    expect(fields(100)).toContain("data.keys().hasOnly(['c0', 'c1'");
  });
});

test("a description stays a comment, whatever is in it", () => {
  const rules = firestoreRules(
    parseRegistry(
      `collections: { c: { description: "one\\ntwo: } allow write;\\r\\nthree", fields: { a: map } } }`,
    ),
  );
  expect(rules).toContain("    // c: one two: } allow write; three\n");
});
