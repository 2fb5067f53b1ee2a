import { expect } from "vitest";
import type { Value } from "../../src/value/value.ts";
import type { ContractTest, ContractWorld } from "./contract-world.ts";

const less = 1;
const equal = 5;
const arrayContains = 7;
const inAny = 8;
const notIn = 10;

function where(fieldPath: string, op: number, value: Value) {
  return { fieldFilter: { field: { fieldPath }, op, value } };
}

function and(...filters: readonly object[]) {
  return { compositeFilter: { op: 1, filters } };
}

const from = [{ collectionId: "a" }];

async function fill(world: ContractWorld): Promise<void> {
  await world.commit([
    { update: world.document("a/1", { n: 1n, s: "x", l: [1n, 2n] }) },
    { update: world.document("a/2", { n: 2, s: "y", l: [2n] }) },
    { update: world.document("a/3", { n: 3n, s: "x" }) },
    { update: world.document("a/4", { n: "text" }) },
    { update: world.document("a/1/a/5", { n: 1n }) },
    { update: world.document("b/1", { n: 1n }) },
  ]);
}

/** Whether queries are there at all; they have tests of their own. */
export function queriesContract(test: ContractTest): void {
  test("filters find what they should", async (world) => {
    await fill(world);
    expect(await world.query({ from, where: where("n", equal, 2n) })).toEqual(["a/2"]);
    expect(await world.query({ from, where: where("n", less, 3n) })).toEqual(["a/1", "a/2"]);
    expect(await world.query({ from, where: where("n", inAny, [3n, "text"]) })).toEqual([
      "a/3",
      "a/4",
    ]);
    expect(await world.query({ from, where: where("s", notIn, ["y"]) })).toEqual(["a/1", "a/3"]);
    expect(await world.query({ from, where: where("l", arrayContains, 2n) })).toEqual([
      "a/1",
      "a/2",
    ]);
    const both = and(where("s", equal, "x"), where("n", less, 2n));
    expect(await world.query({ from, where: both })).toEqual(["a/1"]);
  });

  test("order, limit, offset and cursors", async (world) => {
    await fill(world);
    const orderBy = [{ field: { fieldPath: "n" }, direction: 2 }];
    expect(await world.query({ from, orderBy })).toEqual(["a/4", "a/3", "a/2", "a/1"]);
    const some = { from, orderBy, offset: 1, limit: { value: 2 } };
    expect(await world.query(some)).toEqual(["a/3", "a/2"]);
    const startAt = { values: [2n], before: true };
    expect(await world.query({ from, orderBy, startAt })).toEqual(["a/2", "a/1"]);
    const endAt = { values: [2n], before: true };
    expect(await world.query({ from, orderBy, endAt })).toEqual(["a/4", "a/3"]);
  });

  test("groups of collections, all below a document, and kindless", async (world) => {
    await fill(world);
    const group = [{ collectionId: "a", allDescendants: true }];
    expect(await world.query({ from: group, where: where("n", equal, 1n) })).toEqual([
      "a/1",
      "a/1/a/5",
    ]);
    const parent = world.name("a/1");
    expect(await world.query({ from: [{ allDescendants: true }] }, { parent })).toEqual([
      "a/1/a/5",
    ]);
  });

  test("counts, sums and averages", async (world) => {
    await fill(world);
    const field = { fieldPath: "n" };
    const { messages } = await world.call("RunAggregationQuery", {
      parent: world.name(),
      structuredAggregationQuery: {
        structuredQuery: { from },
        aggregations: [
          { alias: "count", count: {} },
          { alias: "sum", sum: { field } },
          { alias: "average", avg: { field } },
        ],
      },
    });
    expect(messages[0]?.result?.aggregateFields).toEqual({ count: 4n, sum: 6, average: 2 });
  });

  test("a query of nothing gives a read time, and one that cannot be is refused", async (world) => {
    const request = { parent: world.name(), structuredQuery: { from } };
    const { messages } = await world.call("RunQuery", request);
    expect(messages.length).toBe(1);
    expect(messages[0]?.readTime?.seconds).toBeGreaterThan(1_700_000_000);
    expect(await world.query({ from, where: where("n", inAny, []) })).toEqual(["INVALID_ARGUMENT"]);
    expect(await world.query({ from, limit: { value: -1 } })).toEqual(["INVALID_ARGUMENT"]);
    expect(await world.query({ from, offset: -1 })).toEqual(["INVALID_ARGUMENT"]);
  });
}
