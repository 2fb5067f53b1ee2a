import * as fc from "fast-check";
import { expect } from "vitest";
import { compareValues } from "../../src/value/compare-values.ts";
import { GeoPoint } from "../../src/value/geo-point.ts";
import { identicalMaps } from "../../src/value/identical-values.ts";
import { Reference } from "../../src/value/reference.ts";
import { Timestamp } from "../../src/value/timestamp.ts";
import type { Value } from "../../src/value/value.ts";
import { mapOf, type ContractTest } from "./contract-world.ts";

const vector = (...value: readonly number[]) => mapOf({ __type__: "__vector__", value });

function everyType(database: string): readonly Value[] {
  return [
    null,
    true,
    false,
    0n,
    2n ** 63n - 1n,
    -(2n ** 63n),
    0.5,
    -0,
    Number.NaN,
    Infinity,
    -Infinity,
    Number.MIN_VALUE,
    new Timestamp(0, 0),
    new Timestamp(-62_135_596_800, 0),
    new Timestamp(253_402_300_799, 999_999_000),
    "",
    "é\u{1f600}\u{ff5e}\0",
    new Uint8Array(),
    Uint8Array.of(0, 255),
    new Reference(`${database}/documents/a/b`),
    new GeoPoint(-90, 180),
    new GeoPoint(1.5, -2.5),
    [],
    [null, 1n, "x", mapOf({ a: [1n] })],
    vector(1, 2.5, -3),
    mapOf({}),
    mapOf({ b: 1n, a: mapOf({ "": null }) }).size > 0 ? mapOf({ b: 1n, a: mapOf({}) }) : null,
  ];
}

/** Values of documents, and their order. */
export function valuesContract(test: ContractTest): void {
  test("each type comes back as it was written", async (world) => {
    const values = everyType(world.database);
    await world.commit(values.map((v, index) => ({ update: world.document(`a/${index}`, { v }) })));
    for (const [index, v] of values.entries()) {
      expect([index, await world.fields(`a/${index}`)]).toEqual([index, mapOf({ v })]);
    }
  });

  test("timestamps are cut to the microsecond", async (world) => {
    await world.set("a/b", { v: new Timestamp(5, 999_999_999), w: [new Timestamp(-5, 1999)] });
    expect(await world.fields("a/b")).toEqual(
      mapOf({ v: new Timestamp(5, 999_999_000), w: [new Timestamp(-5, 1000)] }),
    );
  });

  test("a query orders all types as the documentation does", async (world) => {
    const values = everyType(world.database);
    const writes = values.map((v, index) => ({
      update: world.document(`a/${String(index).padStart(2, "0")}`, { v }),
    }));
    await world.commit(writes);
    const orderBy = [{ field: { fieldPath: "v" }, direction: 1 }];
    const expected = [...values.entries()]
      .toSorted(([left, one], [right, two]) => compareValues(one, two) || left - right)
      .map(([index]) => `a/${String(index).padStart(2, "0")}`);
    expect(await world.query({ from: [{ collectionId: "a" }], orderBy })).toEqual(expected);
  });

  test("values that cannot be are refused", async (world) => {
    const bad: readonly Value[] = [
      new GeoPoint(90.1, 0),
      new GeoPoint(0, -180.1),
      new GeoPoint(Number.NaN, 0),
      new Timestamp(253_402_300_800, 0),
      new Timestamp(-62_135_596_801, 0),
      new Timestamp(0, 1_000_000_000),
      new Timestamp(0, -1),
      new Reference("a/b"),
      new Reference(`${world.database}/documents/a`),
      mapOf({ __type__: "other" }),
      mapOf({ __type__: "__vector__" }),
      mapOf({ __type__: "__vector__", value: [1n] }),
      mapOf({ __type__: "__vector__", value: [] }),
      vector(...Array.from({ length: 2049 }, () => 0)),
      [vector(1)],
    ];
    for (const [index, v] of bad.entries()) {
      const { status } = await world.set("a/b", { v });
      expect([index, status]).toEqual([index, "INVALID_ARGUMENT"]);
    }
  });

  test("numbers and texts of all kinds come back as they were written", async (world) => {
    const value = fc.oneof(
      fc.double(),
      fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
      fc.string({ unit: "binary" }),
      fc.uint8Array(),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(value, { maxLength: 20 }), async (values) => {
        const fields = { v: values, w: mapOf(Object.fromEntries(values.entries())) };
        await world.set("a/b", fields);
        const back = (await world.fields("a/b")) ?? mapOf({});
        expect(identicalMaps(back, mapOf(fields))).toBe(true);
      }),
      { numRuns: 20 },
    );
  });
}
