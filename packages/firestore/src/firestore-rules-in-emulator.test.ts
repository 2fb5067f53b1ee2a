import { modelOf, neutralDocumentTypes } from "@ctb-data/models";
import { parseRegistry } from "@ctb-data/registry";
import { beforeAll, describe, expect, test } from "vitest";
import { firestoreRules } from "./firestore-rules.ts";

/*
 * Google's emulator is the only program here that knows rules. Set FIRESTORE_EMULATOR_HOST to one, and these run.
 */

const host = process.env["FIRESTORE_EMULATOR_HOST"];
const projectId = `rules-${process.pid}`;

async function putRules(source: string): Promise<Response> {
  return await fetch(`http://${host ?? ""}/emulator/v1/projects/${projectId}:securityRules`, {
    method: "PUT",
    body: JSON.stringify({ rules: { files: [{ name: "firestore.rules", content: source }] } }),
  });
}

const noRules = `rules_version = '2';
service cloud.firestore { match /{path=**} { allow read: if false; } }`;

/** Whether there is an emulator that knows rules: not each does. */
const knowsRules =
  host !== undefined &&
  (await putRules(noRules).then(
    ({ ok }) => ok,
    () => false,
  ));

const registry = parseRegistry(`enums: { state: [open, "it's done"] }
tables:
  all:
    columns:
      - { name: id, type: serial, primary_key: true }
      - { name: by, type: text, required: true }
      - { name: short, type: varchar(3) }
      - { name: long, type: varchar(2500) }
      - { name: fixed, type: char(4) }
      - { name: mail, type: text, format: email }
      - { name: site, type: text, format: url }
      - { name: code, type: text, pattern: '^[\\p{Lu}_]\\d+(?:-\\s)?$' }
      - { name: word, type: text, pattern: 'a.c|\\u00e9' }
      - { name: pick, type: text, enum: [x, "y'z"] }
      - { name: state, type: state, required: true, default: "'open'" }
      - { name: states, type: "state[]" }
      - { name: tiny, type: smallint }
      - { name: plain, type: integer, min: 1, max: 10 }
      - { name: large, type: bigint }
      - { name: price, type: "numeric(5,2)", min: 0 }
      - { name: amount, type: numeric }
      - { name: single, type: real }
      - { name: ratio, type: double precision, max: 0.5 }
      - { name: yes, type: boolean }
      - { name: uid, type: uuid }
      - { name: born, type: date }
      - { name: at, type: time }
      - { name: since, type: timestamp }
      - { name: made, type: timestamptz }
      - { name: lasts, type: interval }
      - { name: data, type: jsonb }
      - { name: photo, type: bytea }
      - { name: net, type: inet }
      - { name: secret, type: text, encrypted: true }
    firestore:
      fields: { id: id, place: geopoint, "odd name": map, in: { type: string, required: true } }
      owner: by
      access: { read: owner, write: owner }
collections:
  "my things": { fields: { a: string }, access: { create: signed_in } }
`);

const encode = (part: object): string => Buffer.from(JSON.stringify(part)).toString("base64url");

/** A token that the emulator takes for that of a user. */
function tokenOf(uid: string): string {
  const claims = { sub: uid, user_id: uid, iat: 1, exp: 9_999_999_999, aud: projectId };
  return `${encode({ alg: "none" })}.${encode(claims)}.`;
}

/** A value as the REST protocol has it. */
function restValue(value: unknown): object {
  if (value === null) return { nullValue: null };
  if (typeof value === "string") return { stringValue: value };
  if (typeof value === "boolean") return { booleanValue: value };
  if (typeof value === "bigint") return { integerValue: String(value) };
  if (typeof value === "number")
    return Number.isSafeInteger(value)
      ? { integerValue: String(value) }
      : { doubleValue: Number.isFinite(value) ? value : String(value) };
  if (value instanceof Uint8Array) return { bytesValue: Buffer.from(value).toString("base64") };
  if (Array.isArray(value)) return { arrayValue: { values: value.map(restValue) } };
  if (typeof value !== "object") throw new TypeError("no such value");
  if ("latitude" in value) return { geoPointValue: value };
  if ("seconds" in value && "nanoseconds" in value) {
    const micros = String(value.nanoseconds).padStart(9, "0");
    const date = new Date(Number(value.seconds) * 1000).toISOString().slice(0, 19);
    return { timestampValue: `${date}.${micros}Z` };
  }
  return { mapValue: { fields: restFields(value) } };
}

const restFields = (data: object): object =>
  Object.fromEntries(Object.entries(data).map(([name, value]) => [name, restValue(value)]));

interface Request {
  readonly uid?: string;
  readonly collection?: string;
  readonly id?: string;
  readonly method?: "POST" | "PATCH" | "GET" | "DELETE";
}

/** The HTTP status of a request of an app: 200, or 403 when the rules refuse it. */
async function statusOf(data: object | undefined, request: Request = {}): Promise<number> {
  const { uid, collection = "all", id = "1", method = "POST" } = request;
  const documents = `http://${host ?? ""}/v1/projects/${projectId}/databases/(default)/documents`;
  const place = encodeURIComponent(collection);
  const path = method === "POST" ? `${place}?documentId=${id}` : `${place}/${id}`;
  const { status } = await fetch(`${documents}/${path}`, {
    method,
    headers:
      uid === undefined
        ? {}
        : { authorization: `Bearer ${uid === "admin" ? "owner" : tokenOf(uid)}` },
    ...(data === undefined ? {} : { body: JSON.stringify({ fields: restFields(data) }) }),
  });
  return status;
}

let ids = 0;
const create = async (data: object, uid = "ada"): Promise<number> => {
  ids += 1;
  return await statusOf(data, { uid, id: String(ids) });
};

const least = { by: "ada", in: "x" };

describe.skipIf(!knowsRules)("rules in Google's emulator", () => {
  beforeAll(async () => {
    const answer = await putRules(firestoreRules(registry));
    if (!answer.ok) throw new Error(await answer.text());
  });

  const table = registry.tables.get("all");

  test.each([
    ["the least", {}],
    [
      "texts",
      {
        short: "😀é!",
        long: "😀".repeat(2500),
        fixed: "ab",
        mail: "a@b.nl",
        site: "https://x.nl/?a",
        pick: "y'z",
      },
    ],
    ["patterns", { code: "É12-\u00a0", word: "xxabcxx" }],
    ["other patterns", { code: "_1", word: "\né\n" }],
    ["enums", { state: "it's done", states: ["open", null] }],
    [
      "numbers",
      {
        tiny: -32768,
        plain: 10,
        large: 2n ** 63n - 1n,
        price: "123.4",
        amount: "-1e5",
        single: 1.5,
        ratio: -0.25,
      },
    ],
    ["odd numbers", { price: "0.00", amount: "NaN", single: Infinity, ratio: -Infinity }],
    [
      "times",
      {
        born: "2024-02-29",
        at: "23:59:59.5",
        since: "2024-02-29T12:00:00.123456",
        made: "2024-02-29T12:00:00Z",
        lasts: "1 year",
      },
    ],
    ["odd times", { born: "infinity", since: "-infinity", made: "infinity" }],
    ["times of other years", { born: "0044-03-15 BC", since: "12024-01-01T00:00:00" }],
    [
      "the rest",
      {
        yes: false,
        uid: "A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11",
        data: { a: [1, { b: null }] },
        photo: new Uint8Array([1, 2]),
        net: "10.0.0.0/8",
      },
    ],
    [
      "nulls",
      {
        short: null,
        mail: null,
        states: null,
        plain: null,
        price: null,
        made: null,
        photo: null,
        uid: null,
      },
    ],
  ])("what the models write may be written: %s", async (_, input) => {
    if (table === undefined) throw new Error("no table");
    const model = modelOf(table, { documentTypes: neutralDocumentTypes });
    ids += 1;
    const value = model.parse({ id: ids, by: "ada", ...input });
    const { id, data } = model.toDocument(value, { in: "x" });
    expect(await statusOf(data, { uid: "ada", id })).toBe(200);
  });

  test.each([
    ["a field that is not in the registry", { other: 1 }],
    ["a text that is too long", { short: "abcd" }],
    ["a long text that is too long", { long: "a".repeat(2501) }],
    ["what is no e-mail address", { mail: "a.nl" }],
    ["what does not match", { code: "a1" }],
    ["what is not in the list", { pick: "z" }],
    ["what is no value of the enum", { state: "closed" }],
    ["an element that is none", { states: ["open", "closed"] }],
    ["a number that is too large for the type", { tiny: 32768 }],
    ["a number below the least", { plain: 0 }],
    ["a fraction as an integer", { plain: 1.5 }],
    ["a text as a number", { large: "1" }],
    ["too many digits", { price: "1234" }],
    ["a decimal below the least", { price: "-1" }],
    ["a number above the most", { ratio: 0.75 }],
    ["a text as a boolean", { yes: "true" }],
    ["what is no UUID", { uid: "x" }],
    ["what is no date", { born: "29.2.2024" }],
    ["what is no time", { at: "noon" }],
    ["a text as a point in time", { made: "2024-02-29T12:00:00Z" }],
    ["a text as bytes", { photo: "x" }],
    ["a text as a place", { place: "x" }],
    ["a text as a map", { "odd name": "x" }],
    ["ciphertext", { secret: "ctb1.x.y" }],
    ["another id than the document's", { id: "x" }],
    ["null where it is required", { in: null }],
    ["null where there is a default", { state: null }],
    ["another owner", { by: "bob" }],
  ])("%s may not", async (_, data) => {
    expect(await create({ ...least, ...data })).toBe(403);
  });

  test("a document without what is required may not be written, nor one with an id that is none", async () => {
    expect(await create({ by: "ada" })).toBe(403);
    expect(await statusOf(least, { uid: "ada", id: "007" })).toBe(403);
    expect(await statusOf(least, { uid: "ada", id: "2147483648" })).toBe(403);
    expect(await statusOf(least, { id: "2147483646" })).toBe(403);
  });

  test("only the owner reads, changes and deletes, and cannot give it away", async () => {
    const id = "2147483647";
    expect(await statusOf({ ...least, secret: "c" }, { uid: "admin", id })).toBe(200);
    expect(await statusOf(undefined, { method: "GET", uid: "bob", id })).toBe(403);
    expect(await statusOf(undefined, { method: "GET", id })).toBe(403);
    expect(await statusOf(undefined, { method: "GET", uid: "ada", id })).toBe(200);
    const change = { method: "PATCH", id } as const;
    expect(await statusOf({ ...least, secret: "c" }, { ...change, uid: "bob" })).toBe(403);
    expect(await statusOf({ ...least, secret: "c", by: "bob" }, { ...change, uid: "ada" })).toBe(
      403,
    );
    expect(await statusOf({ ...least, secret: "d" }, { ...change, uid: "ada" })).toBe(403);
    expect(await statusOf({ ...least, secret: "c", yes: true }, { ...change, uid: "ada" })).toBe(
      200,
    );
    expect(await statusOf(undefined, { method: "DELETE", uid: "bob", id })).toBe(403);
    expect(await statusOf(undefined, { method: "DELETE", uid: "ada", id })).toBe(200);
  });

  test("a collection of any name has its rules, and what has none is closed", async () => {
    const other = { uid: "ada", id: "x" };
    expect(await statusOf({ a: "b" }, { ...other, collection: "my things" })).toBe(200);
    expect(await statusOf({ a: 1 }, { ...other, id: "y", collection: "my things" })).toBe(403);
    expect(await statusOf({ a: "b" }, { ...other, collection: "others" })).toBe(403);
  });

  test("as many fields as are checked are not too many for Firestore", async () => {
    const fields = Array.from({ length: 60 }, (_, at) => `f${at}`);
    const many = parseRegistry(
      `collections: { many: { access: { create: signed_in }, fields: { ${fields.map((field) => `${field}: { type: string, required: true }`).join(", ")} } } }`,
    );
    expect((await putRules(firestoreRules(many))).ok).toBe(true);
    const data = Object.fromEntries(fields.map((field) => [field, "x"]));
    expect(await statusOf(data, { uid: "ada", collection: "many", id: "x" })).toBe(200);
  });
});
