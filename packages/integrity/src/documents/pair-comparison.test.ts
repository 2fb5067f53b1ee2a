import { modelsOf } from "@ctb-data/models";
import { parseRegistry, type Registry } from "@ctb-data/registry";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { openDocumentWorld, type DocumentWorld } from "../../testing/document-world.ts";
import type { Finding } from "../finding.ts";
import { checkDocuments } from "./check-documents.ts";

const runs = process.env["SLOW"] === undefined ? 10 : 100;

const texts = fc.oneof(
  fc.string({ unit: "binary", maxLength: 5 }).map((text) => text.replaceAll("\0", "")),
  fc.constantFrom(
    "",
    " ",
    "null",
    "\\N",
    "a\tb\n",
    "😀",
    "\u{ffff}",
    '"',
    "ctb1.aaaaaaaa.x",
    "$json",
  ),
);
const jsonKeys = fc.constantFrom("a", "$json", "$$json", "$timestamp", "", "__x__", "ключ", "b.c");
const json = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 3 },
    fc.constantFrom(null, true, 0, -1.5, 1e21, 2n ** 63n, 2n ** 60n, 0.1, 1e-7, "x", "null"),
    texts,
    fc.array(tie("value"), { maxLength: 3 }),
    fc.dictionary(jsonKeys, tie("value"), { maxKeys: 3 }),
  ),
})).value;
const times = fc
  .tuple(
    fc.integer({ min: -60_000_000_000, max: 250_000_000_000 }),
    fc.integer({ min: 0, max: 999_999 }),
  )
  .map(([seconds, micros]) => {
    const fraction = micros === 0 ? "" : `.${String(micros).padStart(6, "0").replace(/0+$/, "")}`;
    return `${new Date(seconds * 1000).toISOString().slice(0, 19)}${fraction}`;
  })
  .filter((time) => !time.startsWith("-") && !time.startsWith("0000"));
const list = (item: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> =>
  fc.array(fc.option(item, { freq: 4 }), { maxLength: 3 });
const double = fc.oneof(
  fc.double(),
  fc.constantFrom(0, -0, Number.NaN, Infinity, -Infinity, 1, 0.1),
);

/** Types, the field types that hold them, and values of them. */
const kinds: readonly (readonly [
  type: string,
  fields: readonly (string | undefined)[],
  values: fc.Arbitrary<unknown>,
])[] = [
  ["smallint", [undefined, "string", "double"], fc.integer({ min: -32_768, max: 32_767 })],
  ["integer", [undefined, "string"], fc.integer()],
  ["bigint", [undefined, "string"], fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })],
  [
    "numeric(12,3)",
    [undefined],
    fc.integer({ min: -999_999_999, max: 999_999_999 }).map((n) => `${n}.250`),
  ],
  [
    "numeric",
    [undefined],
    fc.constantFrom("0", "1.50", "-0.001", "NaN", "123456789012345678901234567890.5"),
  ],
  ["real", [undefined], fc.oneof(fc.float(), fc.constantFrom(-0, Math.fround(0.1)))],
  ["double precision", [undefined], double],
  ["boolean", [undefined], fc.boolean()],
  ["text", [undefined], texts],
  ["char(5)", [undefined], fc.constantFrom("a    ", "     ", "abcde", "é  x ")],
  ["uuid", [undefined], fc.uuid()],
  ["date", [undefined], fc.constantFrom("2026-02-28", "infinity", "0044-03-15 BC", "9999-12-31")],
  ["time", [undefined], fc.constantFrom("00:00:00", "23:59:59.999999", "24:00:00")],
  [
    "timestamp",
    [undefined, "string"],
    fc.oneof(times, fc.constantFrom("infinity", "-infinity", "0044-03-15T00:00:00 BC")),
  ],
  [
    "timestamptz",
    [undefined, "string"],
    fc.oneof(
      times.map((time) => `${time}Z`),
      fc.constant("infinity"),
    ),
  ],
  [
    "interval",
    [undefined],
    fc.constantFrom("1 day", "-01:00:00", "1 year 2 mons -3 days +04:05:06.7"),
  ],
  ["jsonb", [undefined, "string", "any"], json],
  ["json", [undefined, "string"], json],
  ["bytea", [undefined], fc.uint8Array({ maxLength: 5 })],
  ["inet", [undefined], fc.constantFrom("10.0.0.1", "10.0.0.0/8", "::1")],
  ["mood", [undefined], fc.constantFrom("it's", "ünï")],
  ["text[]", [undefined], list(texts)],
  ["bigint[]", [undefined], list(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }))],
  ["double precision[]", [undefined], list(double)],
  ["timestamptz[]", [undefined], list(times.map((time) => `${time}Z`))],
  ["jsonb[]", [undefined], list(fc.constantFrom({ a: 1 }, "x", 1.5, true, { $json: "null" }))],
];
const encryptable = new Set([
  "text",
  "integer",
  "date",
  "jsonb",
  "timestamptz",
  "bigint",
  "boolean",
]);

interface ColumnCase {
  readonly name: string;
  readonly type: string;
  readonly field: string | undefined;
  readonly encrypted: boolean;
  readonly values: readonly unknown[];
}

const rowCount = 6;

const columnCase = fc.constantFrom(...kinds).chain(([type, fields, values]) =>
  fc.record({
    type: fc.constant(type),
    field: fc.constantFrom(...fields),
    encrypted: encryptable.has(type) ? fc.boolean() : fc.constant(false),
    values: fc.array(fc.option(values, { freq: 5 }), { minLength: rowCount, maxLength: rowCount }),
  }),
);
const tableCase = fc
  .array(columnCase, { minLength: 6, maxLength: 14 })
  .map((columns) => columns.map((column, index) => ({ ...column, name: `c ${index}` })));

function registryOf(columns: readonly ColumnCase[]): Registry {
  const data = {
    enums: { mood: ["it's", "ünï"] },
    tables: {
      things: {
        columns: [
          { name: "id", type: "text", pk: true },
          ...columns.map(({ name, type, encrypted }) => ({
            name,
            type,
            ...(encrypted && { encrypted }),
          })),
        ],
        firestore: {
          collection: "things",
          fields: Object.fromEntries(
            columns.map(({ name, field, encrypted }, index) => [
              `f${index}`,
              field === undefined || encrypted ? name : { column: name, type: field },
            ]),
          ),
        },
      },
    },
  };
  return parseRegistry(JSON.stringify(data), { file: "random.yml" });
}

async function fill(world: DocumentWorld, columns: readonly ColumnCase[]): Promise<void> {
  const rows = Array.from({ length: rowCount }, (_, index) => ({
    id: `r${index}`,
    ...Object.fromEntries(columns.map(({ name, values }) => [name, values[index]])),
  }));
  await world.postgres.copyIn("things", rows);
  const { registry, keyring } = world;
  const model = modelsOf(registry, { keyring }).get("things");
  if (model === undefined) throw new Error("There is no model.");
  const saved = await world.postgres.table("things").find({});
  await world.firestore.collection("things").bulkWrite(
    saved.map((row) => ({ op: "save", row: model.parse({ ...row }) })),
    { ramp: false },
  );
}

async function check(world: DocumentWorld): Promise<readonly Finding[]> {
  const { findings } = await world.withStores(
    async (stores) => await checkDocuments(stores, { settleMs: 0 }),
  );
  return findings;
}

const byText = (a: readonly unknown[], b: readonly unknown[]): number =>
  String(a) < String(b) ? -1 : 1;

/** A value, so that equal ones are shown alike. */
function shown(value: unknown): string {
  return JSON.stringify(value, (_key, part: unknown) => {
    if (typeof part === "bigint") return `${part}n`;
    if (part instanceof Uint8Array) return `bytes ${Buffer.from(part).toString("hex")}`;
    if (typeof part === "number") return Object.is(part, -0) ? 0 : `number ${part}`;
    if (typeof part !== "object" || part === null || Array.isArray(part)) return part;
    return Object.fromEntries(Object.entries(part).toSorted(([a], [b]) => (a < b ? -1 : 1)));
  });
}

test("rows that were saved as documents have no difference, whatever their values", async () => {
  await fc.assert(
    fc.asyncProperty(tableCase, async (columns) => {
      await using world = await openDocumentWorld(registryOf(columns));
      await fill(world, columns);
      expect(await check(world)).toEqual([]);
      const { registry, firestore, postgres } = world;
      const { findings, notChecked } = await world.withStores(
        async ({ rows }) => await checkDocuments({ registry, firestore, rows }, { settleMs: 0 }),
      );
      expect(findings).toEqual([]);
      const encrypted = columns.filter((column) => column.encrypted);
      expect(notChecked).toHaveLength(encrypted.length);
      // One row gets the values of another: exactly what differs is found.
      const table = postgres.table("things");
      const [first, second] = await table.find({}, { orderBy: { id: "asc" }, limit: 2 });
      const names = columns.map(({ name }) => `"${name}"`).join(", ");
      await postgres.query(
        `UPDATE things SET (id, ${names}) = (SELECT 'r0', ${names} FROM things WHERE id = 'r1') WHERE id = 'r0'`,
      );
      const expected = columns.flatMap(({ name }, index) =>
        shown(first?.[name]) === shown(second?.[name]) ? [] : [`f${index}`],
      );
      const differing = (await check(world)).map(({ kind, field }) => [kind, field]);
      expect(differing.toSorted(byText)).toEqual(
        expected.map((field) => ["different_field", field]).toSorted(byText),
      );
    }),
    { numRuns: runs },
  );
});
