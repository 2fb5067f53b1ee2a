import { expect } from "vitest";
import { Timestamp } from "../../src/value/timestamp.ts";
import { mapOf, type ContractTest } from "./contract-world.ts";

/** Preconditions of writes. */
export function preconditionsContract(test: ContractTest): void {
  test("what must not exist is created once", async (world) => {
    const currentDocument = { exists: false };
    expect((await world.set("a/b", { n: 1n }, { currentDocument })).status).toBe("OK");
    expect((await world.set("a/b", { n: 2n }, { currentDocument })).status).toBe("ALREADY_EXISTS");
    expect(await world.fields("a/b")).toEqual(mapOf({ n: 1n }));
  });

  test("what must exist is NOT_FOUND when it does not", async (world) => {
    const currentDocument = { exists: true };
    expect((await world.set("a/b", {}, { currentDocument })).status).toBe("NOT_FOUND");
    const gone = await world.commit([{ delete: world.name("a/b"), currentDocument }]);
    expect(gone.status).toBe("NOT_FOUND");
    await world.set("a/b", {});
    expect((await world.set("a/b", { n: 1n }, { currentDocument })).status).toBe("OK");
  });

  test(
    "the texts are the cloud's",
    async (world) => {
      const missing = await world.set("a/b", {}, { currentDocument: { exists: true } });
      expect(missing.details).toBe(`No document to update: ${world.name("a/b")}`);
      const read = await world.call("GetDocument", { name: world.name("a/b") });
      expect(read.details).toBe(`Document "${world.name("a/b")}" not found.`);
      await world.set("a/b", {});
      const there = await world.set("a/b", {}, { currentDocument: { exists: false } });
      expect(there.details).toBe(`Document already exists: ${world.name("a/b")}`);
    },
    { differs: "its texts for NOT_FOUND and ALREADY_EXISTS are of its own" },
  );

  test("a time must be that of the last change, to the microsecond", async (world) => {
    await world.set("a/b", { n: 1n });
    const { updateTime } = (await world.get("a/b")) ?? {};
    const right = updateTime ?? new Timestamp(0, 0);
    const wrong = new Timestamp(right.seconds, right.nanos === 0 ? 1000 : right.nanos - 1000);
    const refused = await world.set("a/b", { n: 2n }, { currentDocument: { updateTime: wrong } });
    expect(refused.status).toBe("FAILED_PRECONDITION");
    const { status } = await world.set(
      "a/b",
      { n: 3n },
      { currentDocument: { updateTime: right } },
    );
    expect(status).toBe("OK");
    const again = await world.set("a/b", { n: 4n }, { currentDocument: { updateTime: right } });
    expect(again.status).toBe("FAILED_PRECONDITION");
    expect(await world.fields("a/b")).toEqual(mapOf({ n: 3n }));
  });

  test("a time of a document that is not there is FAILED_PRECONDITION", async (world) => {
    const currentDocument = { updateTime: new Timestamp(1_700_000_000, 0) };
    expect((await world.set("a/b", {}, { currentDocument })).status).toBe("FAILED_PRECONDITION");
    const gone = await world.commit([{ delete: world.name("a/b"), currentDocument }]);
    expect(gone.status).toBe("FAILED_PRECONDITION");
  });

  test("a write is checked against what the writes before it in the commit made", async (world) => {
    const { status } = await world.commit([
      { update: world.document("a/b", { n: 1n }) },
      { update: world.document("a/b", { n: 2n }), currentDocument: { exists: true } },
      { delete: world.name("a/b"), currentDocument: { exists: true } },
      { update: world.document("a/b", { n: 3n }), currentDocument: { exists: false } },
    ]);
    expect(status).toBe("OK");
    expect(await world.fields("a/b")).toEqual(mapOf({ n: 3n }));
  });

  test("UpdateDocument and DeleteDocument have them too", async (world) => {
    const updated = await world.call("UpdateDocument", {
      document: world.document("a/b", {}),
      currentDocument: { exists: true },
    });
    expect(updated.status).toBe("NOT_FOUND");
    const deleted = await world.call("DeleteDocument", {
      name: world.name("a/b"),
      currentDocument: { exists: true },
    });
    expect(deleted.status).toBe("NOT_FOUND");
  });
}
