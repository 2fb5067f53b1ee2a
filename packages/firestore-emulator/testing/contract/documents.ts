import { expect } from "vitest";
import { mapOf, type ContractTest } from "./contract-world.ts";

/** Documents by their names. */
export function documentsContract(test: ContractTest): void {
  test("a document is read as it was written, with the times of its commit", async (world) => {
    const { messages } = await world.set("a/b", { n: 1n });
    const document = await world.get("a/b");
    expect(document?.name).toBe(world.name("a/b"));
    expect(document?.fields).toEqual(mapOf({ n: 1n }));
    expect(document?.createTime).toEqual(messages[0]?.commitTime);
    expect(document?.updateTime).toEqual(messages[0]?.writeResults[0]?.updateTime);
  });

  test("a second write replaces all fields and keeps the time of creation", async (world) => {
    await world.set("a/b", { n: 1n, m: 2n });
    const before = await world.get("a/b");
    await world.set("a/b", { n: 2n });
    const after = await world.get("a/b");
    expect(after?.fields).toEqual(mapOf({ n: 2n }));
    expect(after?.createTime).toEqual(before?.createTime);
    expect(after?.updateTime).not.toEqual(before?.updateTime);
  });

  test("writing what is there already keeps the time of the last change", async (world) => {
    await world.set("a/b", { n: 1n, m: ["x"] });
    const before = await world.get("a/b");
    const { messages } = await world.set("a/b", { m: ["x"], n: 1n });
    expect(messages[0]?.writeResults[0]?.updateTime).toEqual(before?.updateTime);
    expect(await world.get("a/b")).toEqual(before);
    await world.set("a/b", { n: 1, m: ["x"] });
    expect((await world.get("a/b"))?.updateTime).not.toEqual(before?.updateTime);
  });

  test("what was deleted and made anew was created anew", async (world) => {
    await world.set("a/b", {});
    const before = await world.get("a/b");
    await world.commit([{ delete: world.name("a/b") }]);
    await world.set("a/b", {});
    expect((await world.get("a/b"))?.createTime).not.toEqual(before?.createTime);
  });

  test("deleted and written in one commit it is the same document still", async (world) => {
    await world.set("a/b", { n: 1n });
    const before = await world.get("a/b");
    await world.commit([
      { delete: world.name("a/b") },
      { update: world.document("a/b", { n: 2n }) },
    ]);
    const after = await world.get("a/b");
    expect(after?.fields).toEqual(mapOf({ n: 2n }));
    expect(after?.updateTime).not.toEqual(before?.updateTime);
  });

  test("several writes to one document are made one after the other", async (world) => {
    const { messages } = await world.commit([
      { update: world.document("a/b", { n: 1n }) },
      {
        update: world.document("a/b", {}),
        updateMask: { fieldPaths: [] },
        updateTransforms: [{ fieldPath: "n", increment: 5n }],
      },
      { update: world.document("a/b", { m: 1n }), updateMask: { fieldPaths: ["m"] } },
    ]);
    expect(await world.fields("a/b")).toEqual(mapOf({ n: 6n, m: 1n }));
    expect(messages[0]?.writeResults.map(({ transformResults }) => transformResults)).toEqual([
      [],
      [6n],
      [],
    ]);
  });

  test(
    "a commit of nothing is one, with a time",
    async (world) => {
      const { status, messages } = await world.commit([]);
      expect(status).toBe("OK");
      expect(messages[0]?.commitTime.seconds).toBeGreaterThan(1_700_000_000);
    },
    { differs: "it gives no time" },
  );

  test("a commit with one write that fails changes nothing", async (world) => {
    await world.set("a/there", {});
    const { status } = await world.commit([
      { update: world.document("a/new", {}) },
      { update: world.document("a/there", {}), currentDocument: { exists: false } },
    ]);
    expect(status).toBe("ALREADY_EXISTS");
    expect(await world.get("a/new")).toBeUndefined();
  });

  test("a document that is not there is NOT_FOUND", async (world) => {
    const { status } = await world.call("GetDocument", { name: world.name("a/b") });
    expect(status).toBe("NOT_FOUND");
  });

  test("a document can lie below one that does not exist", async (world) => {
    await world.set("a/none/b/c", { n: 1n });
    expect(await world.fields("a/none/b/c")).toEqual(mapOf({ n: 1n }));
    expect(await world.get("a/none")).toBeUndefined();
  });

  test("deleting a document leaves what is below it, and deleting nothing is no error", async (world) => {
    await world.set("a/b", {});
    await world.set("a/b/c/d", {});
    expect((await world.call("DeleteDocument", { name: world.name("a/b") })).status).toBe("OK");
    expect((await world.call("DeleteDocument", { name: world.name("a/b") })).status).toBe("OK");
    expect(await world.get("a/b")).toBeUndefined();
    expect(await world.get("a/b/c/d")).toBeDefined();
  });

  test("a new document gets an id of twenty letters and digits, or the one that is asked for", async (world) => {
    const request = { parent: world.name(), collectionId: "a" };
    const made = await world.call("CreateDocument", {
      ...request,
      document: { name: "", fields: mapOf({ n: 1n }) },
    });
    const name = made.messages[0]?.name ?? "";
    expect(world.pathOf(name)).toMatch(/^a\/[A-Za-z0-9]{20}$/u);
    expect(await world.fields(world.pathOf(name))).toEqual(mapOf({ n: 1n }));
    const document = { name: "", fields: mapOf({}) };
    const named = await world.call("CreateDocument", { ...request, documentId: "x", document });
    expect(named.messages[0]?.name).toBe(world.name("a/x"));
    const again = await world.call("CreateDocument", { ...request, documentId: "x", document });
    expect(again.status).toBe("ALREADY_EXISTS");
  });

  test("the parent of a new document need not exist", async (world) => {
    const { messages } = await world.call("CreateDocument", {
      parent: world.name("a/none"),
      collectionId: "b",
      documentId: "c",
      document: { name: "", fields: mapOf({ n: 1n }) },
      mask: { fieldPaths: ["m"] },
    });
    expect(messages[0]?.name).toBe(world.name("a/none/b/c"));
    expect(messages[0]?.fields).toEqual(mapOf({}));
  });

  test("an update makes the document when it is not there", async (world) => {
    const { messages } = await world.call("UpdateDocument", {
      document: world.document("a/b", { n: 1n, m: 2n }),
      updateMask: { fieldPaths: ["n"] },
    });
    expect(messages[0]?.fields).toEqual(mapOf({ n: 1n }));
  });

  test("many documents are read at one time, each once, found or missing", async (world) => {
    await world.set("a/1", { n: 1n });
    await world.set("b/1", { n: 2n });
    const { messages } = await world.call("BatchGetDocuments", {
      database: world.database,
      documents: ["b/1", "a/none", "a/1", "b/1", "a/none"].map((path) => world.name(path)),
    });
    const found = messages.flatMap((message) => (message.found ? [message.found.name] : []));
    const missing = messages.flatMap((message) => (message.missing ? [message.missing] : []));
    expect(found.toSorted()).toEqual([world.name("a/1"), world.name("b/1")]);
    expect(missing).toEqual([world.name("a/none")]);
    const times = new Set(
      messages.map(({ readTime }) => `${readTime?.seconds}.${readTime?.nanos}`),
    );
    expect(times.size).toBe(1);
  });

  test("reading no documents gives no answer", async (world) => {
    const request = { database: world.database, documents: [] };
    const { status, messages } = await world.call("BatchGetDocuments", request);
    expect([status, messages]).toEqual(["OK", []]);
  });

  test("a write of nothing, and a delete with a transform, are refused", async (world) => {
    const nothing = await world.commit([{}]);
    expect([nothing.status, nothing.details]).toEqual([
      "INVALID_ARGUMENT",
      "empty write operation",
    ]);
    const both = await world.commit([
      {
        delete: world.name("a/b"),
        updateTransforms: [{ fieldPath: "n", increment: 1n }],
      },
    ]);
    expect(both.status).toBe("INVALID_ARGUMENT");
  });
}
