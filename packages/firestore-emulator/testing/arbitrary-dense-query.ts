import * as fc from "fast-check";
import type { FilterMessage, StructuredQuery } from "../src/protocol/messages.ts";
import { Reference } from "../src/value/reference.ts";
import type { MapValue, Value } from "../src/value/value.ts";
import type { QueryMessage } from "./arbitrary-query.ts";

/** Few values, so that most queries find documents, and many of them. */
const scalar = fc.constantFrom<Value>(0n, 1n, 1, 2n, 2.5, Number.NaN, null, "a", "b");
const rank = fc.integer({ min: 0, max: 9 }).map(BigInt);
const list = fc.array(fc.constantFrom<Value>(1n, 1, 2n, "a", null), { maxLength: 3 });

/** The fields of a document of which queries ask. */
export const denseFields: fc.Arbitrary<MapValue> = fc
  .record({ a: scalar, b: rank, l: list }, { requiredKeys: [] })
  .map((fields) => new Map(Object.entries(fields)));

function filter(fieldPath: string, op: number, value: Value): FilterMessage {
  return { fieldFilter: { field: { fieldPath }, op, value } };
}

function comparisons(name: fc.Arbitrary<Value>): fc.Arbitrary<FilterMessage> {
  const range = fc.integer({ min: 1, max: 5 });
  const some = { minLength: 1, maxLength: 4 };
  return fc.oneof(
    fc.tuple(range, scalar).map(([op, value]) => filter("a", op, value)),
    fc.tuple(range, rank).map(([op, value]) => filter("b", op, value)),
    fc.array(scalar, some).map((values) => filter("a", 8, values)),
    fc.array(rank, some).map((values) => filter("b", 8, values)),
    fc.constantFrom<Value>(1n, 2, "a").map((value) => filter("l", 7, value)),
    fc
      .array(fc.constantFrom<Value>(1n, 2n, "a", "c"), some)
      .map((values) => filter("l", 9, values)),
    fc.tuple(range, name).map(([op, value]) => filter("__name__", op, value)),
    fc.array(name, some).map((names) => filter("__name__", 8, names)),
    fc.constantFrom(2, 3, 4).map((op) => ({ unaryFilter: { field: { fieldPath: "a" }, op } })),
  );
}

function filters(name: fc.Arbitrary<Value>): fc.Arbitrary<FilterMessage | undefined> {
  const one = comparisons(name);
  const several = (op: number): fc.Arbitrary<FilterMessage> =>
    fc
      .array(one, { minLength: 2, maxLength: 3 })
      .map((parts) => ({ compositeFilter: { op, filters: parts } }));
  return fc.oneof(fc.constant(undefined), one, several(1), several(2));
}

function orders(): fc.Arbitrary<StructuredQuery["orderBy"]> {
  const direction = fc.constantFrom(1, 2);
  const paths = fc.constantFrom(
    [],
    ["a"],
    ["b"],
    ["a", "b"],
    ["b", "a"],
    ["l"],
    ["__name__"],
    ["a", "__name__"],
    ["b", "a", "__name__"],
  );
  return fc.tuple(paths, direction, direction, direction).map(([fields, ...directions]) =>
    fields.map((fieldPath, index) => ({
      field: { fieldPath },
      direction: directions[index] ?? 1,
    })),
  );
}

/** A query over `c`, or all collections of that id, that is seldom refused and mostly finds something. */
export function denseQuery(
  database: string,
  paths: readonly [string, ...string[]],
): fc.Arbitrary<QueryMessage> {
  const name = fc
    .constantFrom(...paths)
    .map((path): Value => new Reference(`${database}/documents/${path}`));
  const valueOf = (fieldPath = ""): fc.Arbitrary<Value> =>
    fieldPath === "__name__" ? name : fieldPath === "a" ? scalar : rank;
  return orders().chain((orderBy) => {
    const parts = orderBy.map(({ field }) => valueOf(field?.fieldPath));
    const cursor = fc.record({
      values: fc
        .tuple(fc.tuple(...parts), fc.nat(Math.max(orderBy.length - 1, 0)))
        .map(([all, missing]) => all.slice(0, all.length - missing)),
      before: fc.boolean(),
    });
    const bound =
      orderBy.length === 0 ? fc.constant(undefined) : fc.option(cursor, { nil: undefined });
    const limit = fc.option(fc.integer({ min: 1, max: 9 }), { nil: undefined, freq: 3 });
    return fc
      .record({
        allDescendants: fc.boolean(),
        where: filters(name),
        startAt: bound,
        endAt: bound,
        offset: fc.constantFrom(0, 0, 2),
        limit: limit.map((value) => (value === undefined ? undefined : { value })),
      })
      .map(({ allDescendants, ...query }) => ({
        parent: "",
        query: { ...query, orderBy, from: [{ collectionId: "c", allDescendants }] },
      }));
  });
}

/** A query of names alone, over all collections or all of one id, perhaps below a document. */
export function nameQuery(
  database: string,
  paths: readonly [string, ...string[]],
): fc.Arbitrary<QueryMessage> {
  const name = fc
    .constantFrom(...paths)
    .map((path): Value => new Reference(`${database}/documents/${path}`));
  const cursor = fc.record({ values: fc.tuple(name), before: fc.boolean() });
  const bound = fc.option(cursor, { nil: undefined });
  const range = fc.tuple(fc.integer({ min: 1, max: 5 }), name);
  return fc.record({
    parent: fc.constantFrom("", "c/1", "e/1"),
    query: fc.record({
      from: fc
        .constantFrom("", "c", "d")
        .map((collectionId) => [{ collectionId, allDescendants: true }]),
      where: fc.option(
        range.map(([op, value]) => filter("__name__", op, value)),
        { nil: undefined },
      ),
      orderBy: fc.constant([{ field: { fieldPath: "__name__" }, direction: 1 }]),
      startAt: bound,
      endAt: bound,
      offset: fc.constantFrom(0, 0, 2),
      limit: fc.integer({ min: 1, max: 9 }).map((value) => ({ value })),
    }),
  });
}
