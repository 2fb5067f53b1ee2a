import { jsonNull, parseKeyring, type AnyValue } from "@ctb-data/models";
import { parseRegistry, type Registry } from "@ctb-data/registry";
import { fixturesFor } from "@ctb-data/test-fixtures";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { randomRegistry } from "../../testing/every-column.ts";
import { openIntakeWorld } from "../../testing/intake-world.ts";
import type { MappedRecord } from "../mapping/mapped-record.ts";
import { compileIntakeDocuments } from "./compile-intake-documents.ts";

const numRuns = process.env["SLOW"] === "1" ? 100 : 10;
const keyring = parseKeyring(Buffer.alloc(32, "a key for tests").toString("base64"));
const place = { file: "things.csv", line: 7 };

function rowsOf(registry: Registry, seed: number): readonly AnyValue[] {
  const factory = fixturesFor(registry, { seed, keyring }).table("things");
  return [...factory.edges(), ...factory.many(3)].map((row) => withoutPrototype(row));
}

/** A row as documents give it. */
function withoutPrototype(row: object): AnyValue {
  return Object.assign(Object.create(null), row);
}

const mappedOf = (row: AnyValue): MappedRecord =>
  new Map(Object.entries(row).map(([name, value]) => [name, { kind: "value", value }]));

test("a record of any registry becomes a document in Firestore, and is read as what it was", async () => {
  const all = parseRegistry(
    `tables: { things: { columns: [{ name: a, type: text }] } }`,
    { file: "things.yml" },
  ); // prettier-ignore
  await using world = await openIntakeWorld({ registry: all, table: "things" });
  const { raw } = world.firestore;
  let collections = 0;
  await fc.assert(
    fc.asyncProperty(randomRegistry, fc.nat(1000), async (registry, seed) => {
      const rows = rowsOf(registry, seed);
      const collection = `intake${(collections += 1)}`;
      const documents = compileIntakeDocuments({
        registry,
        table: "things",
        collection,
        firestore: world.firestore,
      });
      const written = rows.map((row, id) => documents.write(String(id), mappedOf(row), place));
      expect(written.flatMap(({ failures }) => failures)).toEqual([]);
      await raw.write(
        written.map(({ line }) => ({ op: "create", line })),
        { ramp: false },
      );
      const paths = rows.map((_, id) => `${collection}/${id}`);
      const { bytes, lines } = await (await raw.snapshot()).get(paths);
      const found = lines.map(({ path, end, updateTimeUs }, index) => {
        const line = bytes.subarray(lines[index - 1]?.end ?? 0, end);
        return documents.read(path, line, updateTimeUs);
      });
      const inOrder = found.toSorted((one, other) => Number(one.id) - Number(other.id));
      expect(inOrder.map(({ failures }) => failures)).toEqual(rows.map(() => []));
      expect(inOrder.map(({ row }) => row)).toEqual(rows);
      expect(inOrder.map(({ marks }) => marks)).toEqual(
        written.map(({ hash }) => ({ intakeHash: hash })),
      );
    }),
    { numRuns },
  );
});

test("records of equal values have equal hashes, and those of others have not", () => {
  const registry = parseRegistry(
    "tables: { things: { columns: [{ name: a, type: jsonb }, { name: b, type: bytea }, { name: c, type: text, encrypted: true }] } }",
    { file: "things.yml" },
  );
  const documents = compileIntakeDocuments({
    registry,
    table: "things",
    collection: "intake",
    firestore: { raw: { database: "projects/p/databases/d", lineOf: () => "{}" } },
    keyring,
  });
  const values: readonly AnyValue[] = [
    {},
    { a: null },
    { a: jsonNull },
    { a: 0 },
    { a: -0 },
    { a: "0" },
    { a: 1e20 },
    { a: 10n ** 20n + 1n },
    { a: [] },
    { a: {} },
    { a: { $json: "null" } },
    { b: new Uint8Array() },
    { b: new Uint8Array([0]) },
    { c: null },
    { c: "" },
    { c: "null" },
    { a: null, c: null },
  ];
  const hashes = (): readonly string[] =>
    values.map((value) => documents.write("1", mappedOf(value), place).hash);
  expect(new Set(hashes()).size).toBe(values.length);
  expect(hashes()).toEqual(hashes());
});
