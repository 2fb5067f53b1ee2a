import { parseKeyring, type Json, type Keyring } from "@ctb-data/models";
import { parseRegistry } from "@ctb-data/registry";
import { expect, test } from "vitest";
import { openIntakeWorld, rawLineOf, type RawFieldsOf } from "../../testing/intake-world.ts";
import { compileIntakeDocuments } from "./compile-intake-documents.ts";
import type { IntakeDocument } from "./intake-document.ts";

const registry = parseRegistry(
  `
enums:
  rank: [bronze, gold]
tables:
  clients:
    columns:
      - { name: id, type: serial, primary_key: true }
      - { name: email, type: varchar(40), unique: true }
      - { name: code, type: smallint, unique: true }
      - { name: name, type: text }
  orders:
    columns:
      - { name: id, type: serial, primary_key: true }
      - { name: "E-Mail ü", type: varchar(12), nullable: false, format: email }
      - { name: client_id, type: integer, references: clients.id, nullable: false }
      - { name: parent, type: integer, references: orders.id }
      - { name: number, type: bigint }
      - { name: small, type: smallint, min: 2 }
      - { name: price, type: "numeric(5,2)" }
      - { name: at, type: timestamptz, default: now(), nullable: false }
      - { name: born, type: date }
      - { name: rank, type: rank }
      - { name: size, type: text, enum: [s, m] }
      - { name: tags, type: "text[]" }
      - { name: grid, type: "integer[][]" }
      - { name: data, type: jsonb }
      - { name: tax, type: varchar(12), encrypted: { blind_index: true } }
`,
  { file: "orders.yml" },
);
const key = Buffer.alloc(32, "a key for tests").toString("base64");
const otherKey = Buffer.alloc(32, "another key of them").toString("base64");
const keyring = parseKeyring(key);
const database = "projects/p/databases/(default)";
const raw = { database, lineOf: (): string => "" };
const documents = compileIntakeDocuments({
  registry,
  table: "orders",
  collection: "intake",
  firestore: { raw },
  keyring,
});

const text = (stringValue: string): object => ({ stringValue });
const integer = (value: number | bigint): object => ({ integerValue: String(value) });
const map = (fields: object): object => ({ mapValue: { fields } });
const list = (...values: readonly object[]): object => ({ arrayValue: { values } });
const refer = (path: string): object => ({ referenceValue: `@/${path}` });

const whole: RawFieldsOf = { "E-Mail ü": text("a@b.example"), client_id: integer(7) };

const read = (fields: RawFieldsOf): IntakeDocument =>
  documents.read("intake/1", rawLineOf(database, "intake/1", fields), 1_700_000_000_123_456);

test("a document has the values of its columns, and those that it lacks stay missing", () => {
  expect(
    read({
      ...whole,
      number: integer(9_007_199_254_740_993n),
      price: text("1.50"),
      at: { timestampValue: "2026-01-31T04:05:06.123456Z" },
      tags: list(text("a"), { nullValue: null }),
      grid: text("{{1,2},{NULL,4}}"),
      data: map({ a: list(integer(1), { doubleValue: 0.5 }) }),
      parent: { nullValue: null },
    }),
  ).toMatchObject({
    id: "1",
    path: "intake/1",
    updateTimeUs: 1_700_000_000_123_456,
    failures: [],
    references: [],
    row: {
      "E-Mail ü": "a@b.example",
      client_id: 7,
      number: 9_007_199_254_740_993n,
      price: "1.50",
      at: "2026-01-31T04:05:06.123456Z",
      tags: ["a", null],
      grid: [
        [1, 2],
        [null, 4],
      ],
      data: { a: [1, 0.5] },
      parent: null,
    },
  });
});

test.each<[RawFieldsOf, string, string]>([
  [{ "E-Mail ü": { nullValue: null } }, "missing", "E-Mail ü must not be null."],
  [{ "E-Mail ü": integer(7) }, "wrong_type", "E-Mail ü must be a text, not a number."],
  [{ "E-Mail ü": text("a@b.example.com") }, "too_long", "E-Mail ü is 15 characters long, and must be at most 12."],
  [{ "E-Mail ü": text("nobody") }, "wrong_format", "E-Mail ü is not an e-mail address."],
  [{ "E-Mail ü": text("a\0") }, "nul_character", "E-Mail ü has a NUL character, which PostgreSQL cannot hold. Remove it."],
  [{ "E-Mail ü": map({}) }, "wrong_type", "E-Mail ü must be varchar(12), not a map."],
  [{ number: text("seven") }, "wrong_format", "number is not a whole number."],
  [{ number: { booleanValue: true } }, "wrong_type", "number must be a bigint, a number or a text, not a boolean."],
  [{ number: { doubleValue: 1.5 } }, "wrong_type", "number must be a whole number."],
  [{ number: { doubleValue: 1e300 } }, "out_of_range", "number is an integer beyond 2^53 in a number, which may have been rounded. Give it as a text or as a bigint."],
  [{ small: integer(40_000) }, "out_of_range", "small is out of range: it must be between -32768 and 32767."],
  [{ small: integer(1) }, "out_of_range", "small must be at least 2."],
  [{ price: text("1.234") }, "out_of_range", "price has more than 2 digits behind the point, which PostgreSQL would round."],
  [{ born: text("2023-02-29") }, "wrong_format", "born is not a day of the calendar."],
  [{ rank: text("silver") }, "not_listed", "rank is not one of: bronze, gold."],
  [{ size: text("l") }, "not_listed", "size is not one of: s, m."],
  [{ at: { timestampValue: "2026-01-31T04:05:06.123456789Z" } }, "out_of_range", "at is a Timestamp finer than a microsecond, which PostgreSQL would round."],
  [{ at: map({ seconds: integer(1), nanoseconds: integer(0) }) }, "wrong_type", "at must be timestamptz, not a map."],
  [{ tags: list(text("a"), integer(1)) }, "wrong_type", "tags must be a text, not a number."],
  [{ grid: list(integer(1)) }, "wrong_type", "grid must be PostgreSQL's text of an array, such as {{1,2},{3,4}}."],
  [{ grid: text("{{1,2},{3}}") }, "wrong_format", "grid is an array whose parts have different lengths, which PostgreSQL does not have."],
  [{ data: map({ a: text("\0") }) }, "nul_character", "data has a NUL or half a surrogate pair in a text, which jsonb cannot hold. Remove it, or make the column json."],
  [{ data: list({ referenceValue: "projects/x/databases/y/documents/a/1" }) }, "wrong_type", "data refers to a document of another database."],
  [{ nubmer: integer(1) }, "unknown_field", "nubmer is no column of orders that documents have. Did you mean number?"],
  [{ tax_index: text("00") }, "unknown_field", "tax_index is no column of orders that documents have."],
  [{ client_id: { referenceValue: "projects/x/databases/y/documents/a/1" } }, "wrong_type", "client_id refers to a document of another database."],
  [{ client_id: map({ name: text("Ann") }) }, "wrong_type", "client_id must be the key of clients, a reference to a document, or a map of one of its unique columns: id, email, code."],
  [{ client_id: map({ email: text("a"), code: integer(1) }) }, "wrong_type", "client_id must be the key of clients, a reference to a document, or a map of one of its unique columns: id, email, code."],
  [{ client_id: map({ email: integer(1) }) }, "wrong_type", "client_id.email must be a text, not a number."],
  [{ client_id: map({ email: { nullValue: null } }) }, "missing", "client_id is looked up by email, which is null."],
])("%o is refused as %s", (fields, code, message) => {
  const document = read({ ...whole, ...fields });
  expect(document.failures).toEqual([{ field: Object.keys(fields)[0], code, message }]);
  expect(document.row).toBeUndefined();
}); // prettier-ignore

test("everything that is wrong is said at once; marks and the application's own fields are not looked at", () => {
  const document = read({
    _note: integer(1),
    imo: text("no map"),
    promoted_to: integer(1),
    validated: text("yes"),
    rank: integer(1),
    nubmer: integer(1),
  });
  expect(document.failures.map(({ field, code }) => `${field} ${code}`)).toEqual([
    "rank wrong_type",
    "nubmer unknown_field",
    "E-Mail ü missing",
    "client_id missing",
  ]);
  expect(document.marks).toEqual({ promotedTo: "" });
});

test("a reference says which row must be found first, and by what", () => {
  const place = { column: "client_id", table: "clients", target: "id" };
  const byDocument = read({ ...whole, client_id: refer("people/a%2Fb") });
  expect(byDocument.references).toEqual([
    { ...place, by: { kind: "document", collection: "people", id: "a%2Fb" } },
  ]);
  expect(byDocument.row).toEqual({ "E-Mail ü": "a@b.example" });
  const byColumn = read({
    ...whole,
    client_id: map({ code: integer(7) }),
    parent: refer("intake/2"),
  });
  expect(byColumn.references).toEqual([
    { ...place, by: { kind: "lookup", column: "code", value: 7 } },
    {
      column: "parent",
      table: "orders",
      target: "id",
      by: { kind: "document", collection: "intake", id: "2" },
    },
  ]);
});

test("an encrypted column is read with the keyring, and no message shows what was in it", () => {
  const cipher = keyring.cipherOf({ table: "orders", column: "tax" });
  expect(read({ ...whole, tax: text(cipher.encrypt("DE123")) }).row).toMatchObject({
    tax: "DE123",
  });
  const long = read({ ...whole, tax: text(cipher.encrypt("DE12345678901234")) });
  expect(long.failures).toMatchObject([{ field: "tax", code: "too_long" }]);
  const foreign = parseKeyring(otherKey).cipherOf({ table: "orders", column: "tax" });
  const failed = [
    read({ ...whole, tax: text("DE123-in-clear") }),
    read({ ...whole, tax: text(foreign.encrypt("DE123")) }),
    read({ ...whole, tax: text(`${cipher.encrypt("DE123")}x`) }),
  ];
  expect(failed.map(({ failures }) => failures.map(({ code }) => code))).toEqual([
    ["not_decryptable"],
    ["not_decryptable"],
    ["not_decryptable"],
  ]);
  expect(JSON.stringify([...failed, long].map(({ failures }) => failures))).not.toContain("DE123");
  expect(() =>
    compileIntakeDocuments({ registry, table: "orders", collection: "i", firestore: { raw } }),
  ).toThrow(expect.objectContaining({ code: "NO_KEYRING" }));
});

const compileThings = (table: string, columns: string): unknown =>
  compileIntakeDocuments({
    registry: parseRegistry(`tables: { things: { columns: [${columns}] } }`, { file: "a.yml" }),
    table,
    collection: "intake",
    firestore: { raw },
  });

test("a table that is not there, and one that needs a column which no document can have, are refused", () => {
  expect(() => compileThings("thing", "{ name: a, type: text }")).toThrow(
    expect.objectContaining({ code: "NOT_FOUND", hint: "Did you mean things?" }),
  );
  for (const name of ["validated", "imo", "__a__"])
    expect(() => compileThings("things", `{ name: ${name}, type: text, nullable: false }`)).toThrow(
      expect.objectContaining({ code: "INVALID_BLUEPRINT" }),
    );
  expect(compileThings("things", "{ name: validated, type: text }")).toBeDefined();
});

const failure = {
  field: "vendor field",
  code: "wrong_format",
  message: "seven is no number.",
} as const;

test("what the vendor sent and nothing can be made of is kept, and fails until somebody changes it", async () => {
  await using world = await openIntakeWorld({ registry, table: "orders", keyring });
  const { line, hash, failures } = world.documents.write(
    "1",
    new Map([
      ["E-Mail ü", { kind: "value", value: "a@b.example" }],
      ["client_id", { kind: "lookup", column: "email", value: "ann@example.com" }],
      ["number", { kind: "raw", value: "seven", failures: [failure] }],
      ["rank", { kind: "raw", value: null, failures: [{ ...failure, code: "missing" }] }],
      ["data", { kind: "raw", value: { $json: [1, [2]] }, failures: [failure] }],
      ["price", { kind: "raw", value: "9".repeat(5000), failures: [failure] }],
      ["tax", { kind: "raw", value: "DE-secret", failures: [{ ...failure, message: "DE-secret is …" }] }],
    ]),
    { file: "orders.csv", line: 7 },
  ); // prettier-ignore
  expect(failures).toEqual([]);
  expect(line).not.toContain("DE-secret");
  expect(line.match(/9{5000}/g)).toHaveLength(1);
  await world.firestore.raw.write([{ op: "create", line }], { ramp: false });
  const [taken] = [...(await world.readAll()).values()];
  expect(taken?.marks).toEqual({ intakeHash: hash });
  expect(taken?.references).toMatchObject([{ by: { column: "email", value: "ann@example.com" } }]);
  const said = { code: "wrong_format", message: "seven is no number." };
  expect(taken?.failures).toEqual([
    { ...said, field: "data" },
    { ...said, field: "number" },
    { ...said, field: "price" },
    { ...said, field: "rank", code: "missing" },
    { field: "tax", code: "wrong_format", message: expect.stringContaining("encrypted") },
  ]);
  const cipher = keyring.cipherOf({ table: "orders", column: "tax" });
  const mended = {
    number: integer(7),
    rank: text("gold"),
    data: integer(1),
    price: text("1.00"),
    tax: text(cipher.encrypt("DE1")),
  };
  const fields = Object.keys(mended);
  const mend = rawLineOf(world.firestore.raw.database, "intake/1", mended);
  await world.firestore.raw.write([{ op: "merge", line: mend, fields }], { ramp: false });
  const [after] = [...(await world.readAll()).values()];
  expect(after?.failures).toEqual([]);
  expect(after?.row).toEqual({
    "E-Mail ü": "a@b.example",
    number: 7n,
    rank: "gold",
    data: 1,
    price: "1.00",
    tax: "DE1",
  });
});

test("a failure of the intake that is no such thing is not one", () => {
  const number = text("seven");
  const imo = (failures: object): object => map({ failures });
  const known = {
    field: text("number"),
    code: text("wrong_format"),
    message: text("No."),
    value: number,
  };
  const codesWith = (failures: object): readonly string[] =>
    read({ ...whole, number, imo: imo(failures) }).failures.map(({ message }) => message);
  expect(codesWith(list(map(known)))).toEqual(["No."]);
  for (const other of [
    text("a"),
    list(),
    list(text("a")),
    list(map({ ...known, code: text("what?") })),
    list(map({ ...known, value: text("eight") })),
    list(map({ field: known.field, code: known.code })),
    list(map({ ...known, field: text("constructor") })),
  ])
    expect(codesWith(other)).toEqual(["number is not a whole number."]);
});

const mappedWith = (tax: string): Parameters<typeof documents.write>[1] =>
  new Map([
    ["number", { kind: "value", value: 7n }],
    ["data", { kind: "value", value: { b: [10n ** 20n], a: "x" } }],
    ["tax", { kind: "value", value: tax }],
  ]);

const hashesOf = (ring: Keyring, mapped = mappedWith("DE1")): readonly string[] => {
  const { hash, formerHashes } = compileIntakeDocuments({
    registry,
    table: "orders",
    collection: "intake",
    firestore: { raw: { database, lineOf: () => "{}" } },
    keyring: ring,
  }).write("1", mapped, { file: "a.csv", line: Math.random() });
  return [hash, ...formerHashes];
};

test("the hash of a record is that of what was sent; it is kept over a change of keys, and keeps encrypted values secret", () => {
  const [hash] = hashesOf(keyring);
  expect(hashesOf(keyring)).toEqual([hash]);
  expect(hashesOf(parseKeyring(`${otherKey},${key}`))).toEqual([expect.any(String), hash]);
  expect(hashesOf(parseKeyring(otherKey))).not.toContain(hash);
  expect(hashesOf(keyring, mappedWith("DE2"))).not.toContain(hash);
  const reversed = new Map([...mappedWith("DE1")].toReversed());
  expect(hashesOf(keyring, reversed)).toEqual([hash]);
  const without = new Map([...mappedWith("DE1")].slice(1));
  expect(hashesOf(keyring, without)).not.toContain(hash);
  const asText = new Map(mappedWith("DE1")).set("number", {
    kind: "raw",
    value: "7",
    failures: [],
  });
  expect(hashesOf(keyring, asText)).not.toContain(hash);
});

test("what was sent is kept however deep it is, and its failure is remembered", async () => {
  await using world = await openIntakeWorld({ registry, table: "orders", keyring });
  const deep = Array.from({ length: 18 }).reduce<Json>((value) => ({ a: value }), "x");
  const { line, failures } = world.documents.write(
    "1",
    new Map([
      ["E-Mail ü", { kind: "value", value: "a@b.example" }],
      ["client_id", { kind: "value", value: 7 }],
      ["born", { kind: "raw", value: deep, failures: [failure] }],
      ["rank", { kind: "raw", value: [[1], "\ud800", 10n ** 30n], failures: [failure] }],
      ["size", { kind: "raw", value: { $reference: "a/b" }, failures: [failure] }],
    ]),
    { file: "\ud800.csv", line: 7 },
  );
  expect(failures).toEqual([]);
  await world.firestore.raw.write([{ op: "create", line }], { ramp: false });
  const [taken] = [...(await world.readAll()).values()];
  expect(taken?.failures.map(({ field, code }) => `${field} ${code}`)).toEqual([
    "born wrong_format",
    "rank wrong_format",
    "size wrong_format",
  ]);
});
