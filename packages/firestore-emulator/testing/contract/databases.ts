import { expect } from "vitest";
import { mapOf, type ContractTest } from "./contract-world.ts";

/** Projects and databases, each its own world. */
export function databasesContract(test: ContractTest): void {
  test("the same path in another database or project is another document", async (world) => {
    const others = [
      `projects/${world.project}/databases/other`,
      `projects/${world.project}-2/databases/(default)`,
    ];
    await world.set("a/b", { n: 1n });
    for (const database of others) {
      const name = `${database}/documents/a/b`;
      expect((await world.call("GetDocument", { name })).status).toBe("NOT_FOUND");
      const update = { name, fields: mapOf({ n: 2n }) };
      const { status } = await world.call("Commit", { database, writes: [{ update }] });
      expect(status).toBe("OK");
    }
    expect(await world.fields("a/b")).toEqual(mapOf({ n: 1n }));
    expect(await world.query({ from: [{ collectionId: "a" }] })).toEqual(["a/b"]);
  });

  test(
    "a request to one database does not reach the documents of another",
    async (world) => {
      const name = `projects/${world.project}/databases/other/documents/a/b`;
      const update = { name, fields: mapOf({}) };
      const committed = await world.commit([{ update }]);
      expect(committed.status).toBe("INVALID_ARGUMENT");
      const read = await world.call("BatchGetDocuments", {
        database: world.database,
        documents: [name],
      });
      expect(read.status).toBe("INVALID_ARGUMENT");
    },
    { differs: "it reads and writes documents of other databases" },
  );

  test("a database is cleared over HTTP, with the past of it, and others are not", async (world) => {
    const other = `projects/${world.project}/databases/other`;
    await world.set("a/b/c/d", { n: 1n });
    const update = { name: `${other}/documents/a/b`, fields: mapOf({}) };
    await world.call("Commit", { database: other, writes: [{ update }] });
    const url = `http://${world.server.address}/emulator/v1/${world.database}/documents`;
    const response = await fetch(url, { method: "DELETE" });
    expect(response.status).toBe(200);
    expect(await world.get("a/b/c/d")).toBeUndefined();
    expect((await world.call("GetDocument", { name: update.name })).status).toBe("OK");
    const { messages } = await world.call("ListCollectionIds", { parent: world.name() });
    expect(messages[0]?.collectionIds ?? []).toEqual([]);
  });

  test("names of databases that are none are refused", async (world) => {
    for (const database of ["", "x", "projects/p", "projects//databases/d", world.name()]) {
      const { status } = await world.call("Commit", { database, writes: [] });
      expect([database, status]).toEqual([database, "INVALID_ARGUMENT"]);
    }
  });
}
