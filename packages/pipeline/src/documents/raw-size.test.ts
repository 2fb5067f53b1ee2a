import type { RawFailure } from "@ctb-data/firestore";
import { parseRegistry } from "@ctb-data/registry";
import { expect, test } from "vitest";
import { openIntakeWorld, rawLineOf } from "../../testing/intake-world.ts";
import { documentSizeBytes } from "./raw-size.ts";

const registry = parseRegistry(
  "tables: { things: { columns: [{ name: a, type: text }, { name: b, type: text }] } }",
  { file: "things.yml" },
);

test("Firestore takes a document of a mebibyte by our count, and not one of a byte more", async () => {
  await using world = await openIntakeWorld({ registry, table: "things" });
  const { raw } = world.firestore;
  const fields = (length: number): Readonly<Record<string, object>> => ({
    a: { stringValue: "x".repeat(length) },
    b: {
      arrayValue: {
        values: [
          { nullValue: null },
          { booleanValue: true },
          { doubleValue: 1 },
          { bytesValue: "AAAA" },
          { geoPointValue: { latitude: 1, longitude: 1 } },
          { timestampValue: "2026-01-31T00:00:00Z" },
          { referenceValue: `${raw.database}/documents/a/1` },
          { mapValue: { fields: { ü: { integerValue: "1" } } } },
        ],
      },
    },
  });
  const rest = documentSizeBytes("intake/1", fields(0));
  const line = (id: string, length: number): string =>
    rawLineOf(raw.database, `intake/${id}`, fields(length));
  const failed: RawFailure[] = [];
  await raw.write(
    [
      { op: "set", line: line("1", 1_048_576 - rest) },
      { op: "set", line: line("2", 1_048_577 - rest) },
    ],
    { ramp: false, onFailure: (failure) => failed.push(failure) },
  );
  expect(failed.map(({ path, status }) => `${path} ${status}`)).toEqual([
    "intake/2 INVALID_ARGUMENT",
  ]);
});

test("a record that is too large for a document is told so, and one that just fits is not", async () => {
  await using world = await openIntakeWorld({ registry, table: "things" });
  const write = (length: number): ReturnType<typeof world.documents.write> =>
    world.documents.write("1", new Map([["a", { kind: "value", value: "x".repeat(length) }]]), {
      file: "a.csv",
      line: 1,
    });
  const { line } = write(0);
  const least = documentSizeBytes("intake/1", JSON.parse(line).fields);
  const fitting = write(1_048_576 - least);
  expect(fitting.failures).toEqual([]);
  const { written } = await world.firestore.raw.write([{ op: "create", line: fitting.line }], {
    ramp: false,
  });
  expect(written).toBe(1);
  expect(write(1_048_577 - least).failures).toMatchObject([
    { field: "", code: "too_large", message: expect.stringContaining("1,048,577 bytes") },
  ]);
});
