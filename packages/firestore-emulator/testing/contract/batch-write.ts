import { expect } from "vitest";
import { mapOf, type ContractTest } from "./contract-world.ts";

/** BatchWrite: each write on its own. */
export function batchWriteContract(test: ContractTest): void {
  test("each write has its status, and those that fail keep none of the others", async (world) => {
    await world.set("a/there", { n: 1n });
    const { messages, status } = await world.call("BatchWrite", {
      database: world.database,
      writes: [
        { update: world.document("a/new", { n: 1n }), currentDocument: { exists: false } },
        { update: world.document("a/there", { n: 2n }), currentDocument: { exists: false } },
        { update: world.document("a/none", { n: 1n }), currentDocument: { exists: true } },
        { delete: world.name("a/nothing") },
        {
          update: world.document("a/sum", {}),
          updateTransforms: [{ fieldPath: "n", increment: 3n }],
        },
      ],
    });
    expect(status).toBe("OK");
    expect(messages[0]?.status.map(({ code }) => code)).toEqual([0, 6, 5, 0, 0]);
    expect(messages[0]?.writeResults.length).toBe(5);
    expect(messages[0]?.writeResults[4]?.transformResults).toEqual([3n]);
    expect(messages[0]?.writeResults.map(({ updateTime }) => updateTime !== undefined)).toEqual([
      true,
      false,
      false,
      false,
      true,
    ]);
    expect(await world.fields("a/new")).toEqual(mapOf({ n: 1n }));
    expect(await world.fields("a/there")).toEqual(mapOf({ n: 1n }));
    expect(await world.fields("a/sum")).toEqual(mapOf({ n: 3n }));
  });

  test("a document is written once only", async (world) => {
    const { status } = await world.call("BatchWrite", {
      database: world.database,
      writes: [
        { update: world.document("a/b", {}) },
        { update: world.document("c/d", {}) },
        { delete: world.name("a/b") },
      ],
    });
    expect(status).toBe("INVALID_ARGUMENT");
    expect(await world.get("c/d")).toBeUndefined();
  });

  test("no writes are no error", async (world) => {
    const { status } = await world.call("BatchWrite", { database: world.database, writes: [] });
    expect(status).toBe("OK");
  });

  test("a write that cannot be is refused", async (world) => {
    const { status, messages } = await world.call("BatchWrite", {
      database: world.database,
      writes: [{ update: world.document("a/__x__", {}) }, { update: world.document("a/b", {}) }],
    });
    expect([status, messages[0]?.status.map(({ code }) => code)]).toEqual([
      "INVALID_ARGUMENT",
      undefined,
    ]);
  });
}
