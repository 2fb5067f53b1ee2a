import { setTimeout } from "node:timers/promises";
import { expect } from "vitest";
import { microsOf, Timestamp, timestampOf } from "../../src/value/timestamp.ts";
import { mapOf, type ContractTest, type ContractWorld } from "./contract-world.ts";

const everything = { from: [{ allDescendants: true }] };

async function commitTime(world: ContractWorld, path: string, n: bigint): Promise<Timestamp> {
  const { messages } = await world.set(path, { n });
  // So that the next commit has another time, whatever the clock counts in.
  await setTimeout(2);
  return messages[0]?.commitTime ?? new Timestamp(0, 0);
}

function before(time: Timestamp): Timestamp {
  return timestampOf(microsOf(time) - 1);
}

/** Reads of the past. */
export function readTimesContract(test: ContractTest): void {
  test("a document is read as it was at each time, from the time of its commit on", async (world) => {
    const first = await commitTime(world, "a/b", 1n);
    const second = await commitTime(world, "a/b", 2n);
    const { messages } = await world.commit([{ delete: world.name("a/b") }]);
    const gone = messages[0]?.commitTime ?? second;
    const at = async (readTime: Timestamp) => await world.fields("a/b", { readTime });
    expect(await at(before(first))).toBeUndefined();
    expect(await at(first)).toEqual(mapOf({ n: 1n }));
    expect(await at(before(second))).toEqual(mapOf({ n: 1n }));
    expect(await at(second)).toEqual(mapOf({ n: 2n }));
    expect(await at(before(gone))).toEqual(mapOf({ n: 2n }));
    expect(await at(gone)).toBeUndefined();
  });

  test("queries, aggregations, lists and collection ids are of that time, too", async (world) => {
    const readTime = await commitTime(world, "a/b", 1n);
    await commitTime(world, "a/c", 1n);
    await commitTime(world, "z/1", 1n);
    expect(await world.query({ from: [{ collectionId: "a" }] }, { readTime })).toEqual(["a/b"]);
    const counted = await world.call("RunAggregationQuery", {
      parent: world.name(),
      structuredAggregationQuery: {
        structuredQuery: everything,
        aggregations: [{ count: {}, alias: "n" }],
      },
      readTime,
    });
    expect(counted.messages[0]?.result?.aggregateFields["n"]).toBe(1n);
    const listed = await world.call("ListDocuments", {
      parent: world.name(),
      collectionId: "a",
      readTime,
    });
    expect(listed.messages[0]?.documents.map(({ name }) => world.pathOf(name))).toEqual(["a/b"]);
    const ids = await world.call("ListCollectionIds", { parent: world.name(), readTime });
    expect(ids.messages[0]?.collectionIds).toEqual(["a"]);
  });

  test("a read-only transaction is of the time that it was begun for", async (world) => {
    const readTime = await commitTime(world, "a/b", 1n);
    await commitTime(world, "a/b", 2n);
    const transaction = await world.begin({ readOnly: { readTime } });
    expect(await world.fields("a/b", { transaction })).toEqual(mapOf({ n: 1n }));
  });

  test("the future, and what is finer than a microsecond, are refused", async (world) => {
    const { seconds } = await commitTime(world, "a/b", 1n);
    const name = world.name("a/b");
    for (const readTime of [new Timestamp(seconds + 1000, 0), new Timestamp(seconds - 10, 1)]) {
      const { status } = await world.call("GetDocument", { name, readTime });
      expect(status).toBe("INVALID_ARGUMENT");
    }
  });

  test(
    "what is older than an hour is refused",
    async (world) => {
      const { seconds } = await commitTime(world, "a/b", 1n);
      const request = { name: world.name("a/b"), readTime: new Timestamp(seconds - 3700, 0) };
      const { status, details } = await world.call("GetDocument", request);
      expect([status, details]).toEqual([
        "FAILED_PRECONDITION",
        "The requested snapshot version is too old.",
      ]);
    },
    { differs: "it reads a week back" },
  );

  test("what was read at a time is the same when it is read at that time again", async (world) => {
    await commitTime(world, "a/b", 1n);
    const { messages } = await world.call("BatchGetDocuments", {
      database: world.database,
      documents: [world.name("a/b")],
    });
    const readTime = messages[0]?.readTime;
    await world.set("a/b", { n: 2n });
    expect(await world.fields("a/b", { readTime })).toEqual(mapOf({ n: 1n }));
  });
}
