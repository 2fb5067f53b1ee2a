import { expect } from "vitest";
import { mapOf, type ContractTest, type ContractWorld } from "./contract-world.ts";

const wholeCollection = { from: [{ collectionId: "a" }] };

/** What two commits at the same time come to. */
async function both(
  first: Promise<{ readonly status: string }>,
  second: Promise<{ readonly status: string }>,
): Promise<readonly string[]> {
  const answers = await Promise.all([first, second]);
  return answers.map(({ status }) => status).toSorted();
}

/** That one is ABORTED and the other is not; the official emulator sometimes refuses both. */
function oneOf({ server }: ContractWorld): unknown {
  return server.isOfficial ? expect.arrayContaining(["ABORTED"]) : ["ABORTED", "OK"];
}

/** Transactions. */
export function transactionsContract(test: ContractTest): void {
  test("a transaction reads, writes and is over", async (world) => {
    await world.set("a/b", { n: 1n });
    const transaction = await world.begin();
    expect(await world.fields("a/b", { transaction })).toEqual(mapOf({ n: 1n }));
    const update = world.document("a/b", { n: 2n });
    expect((await world.commit([{ update }], { transaction })).status).toBe("OK");
    expect(await world.fields("a/b")).toEqual(mapOf({ n: 2n }));
    const again = await world.commit([{ update }], { transaction });
    expect(again.status).toBe("INVALID_ARGUMENT");
    const read = await world.call("GetDocument", { name: world.name("a/b"), transaction });
    expect(read.status).toBe("INVALID_ARGUMENT");
  });

  test("a transaction is begun with its first read", async (world) => {
    await world.set("a/b", { n: 1n });
    const got = await world.call("BatchGetDocuments", {
      database: world.database,
      documents: [world.name("a/b")],
      newTransaction: { readWrite: {} },
    });
    const queried = await world.call("RunQuery", {
      parent: world.name(),
      structuredQuery: wholeCollection,
      newTransaction: { readOnly: {} },
    });
    for (const { messages } of [got, queried]) {
      const [first] = messages;
      expect(first?.transaction?.length).toBeGreaterThan(0);
      const rollback = { database: world.database, transaction: first?.transaction };
      expect((await world.call("Rollback", rollback)).status).toBe("OK");
    }
  });

  test("what was rolled back is not there, and its locks are free", async (world) => {
    const transaction = await world.begin();
    await world.get("a/b", { transaction });
    const { status } = await world.call("Rollback", { database: world.database, transaction });
    expect(status).toBe("OK");
    expect((await world.set("a/b", { n: 1n })).status).toBe("OK");
    const late = await world.commit([], { transaction });
    expect(late.status).toBe("INVALID_ARGUMENT");
  });

  test("a commit that fails ends the transaction", async (world) => {
    const transaction = await world.begin();
    await world.get("a/b", { transaction });
    const update = world.document("a/b", {});
    const failed = await world.commit([{ update, currentDocument: { exists: true } }], {
      transaction,
    });
    expect(failed.status).toBe("NOT_FOUND");
    expect((await world.set("a/b", {})).status).toBe("OK");
    expect((await world.commit([], { transaction })).status).toBe("INVALID_ARGUMENT");
  });

  test("an id that is no transaction's is refused", async (world) => {
    for (const transaction of [Buffer.from("x"), Buffer.alloc(9, 0x11), Buffer.alloc(200)]) {
      const read = await world.call("GetDocument", { name: world.name("a/b"), transaction });
      expect(read.status).toBe("INVALID_ARGUMENT");
      expect((await world.commit([], { transaction })).status).toBe("INVALID_ARGUMENT");
    }
  });

  test("a read-only transaction sees one moment, keeps nobody waiting and writes nothing", async (world) => {
    await world.set("a/b", { n: 1n });
    const transaction = await world.begin({ readOnly: {} });
    expect(await world.fields("a/b", { transaction })).toEqual(mapOf({ n: 1n }));
    expect((await world.set("a/b", { n: 2n })).status).toBe("OK");
    await world.set("a/c", {});
    expect(await world.fields("a/b", { transaction })).toEqual(mapOf({ n: 1n }));
    expect(await world.query(wholeCollection, { transaction })).toEqual(["a/b"]);
    const { status } = await world.commit([{ delete: world.name("a/b") }], { transaction });
    expect(status).toBe("INVALID_ARGUMENT");
  });

  test("a write waits for the transaction that has read the document", async (world) => {
    await world.set("a/b", { n: 1n });
    const transaction = await world.begin();
    await world.get("a/b", { transaction });
    const order: string[] = [];
    const plain = world.set("a/b", { n: 10n }).then(() => order.push("plain"));
    await new Promise((resolve) => setTimeout(resolve, 100));
    await world.commit([{ update: world.document("a/b", { n: 2n }) }], { transaction });
    order.push("transaction");
    await plain;
    expect(await world.fields("a/b")).toEqual(mapOf({ n: 10n }));
    expect(order.toSorted()).toEqual(["plain", "transaction"]);
  });

  test("of two that read a document and then write it one is ABORTED", async (world) => {
    await world.set("a/b", { n: 1n });
    const [one, two] = [await world.begin(), await world.begin()];
    await world.get("a/b", { transaction: one });
    await world.get("a/b", { transaction: two });
    const update = world.document("a/b", { n: 2n });
    const statuses = await both(
      world.commit([{ update }], { transaction: one }),
      world.commit([{ update }], { transaction: two }),
    );
    expect(statuses).toEqual(oneOf(world));
  });

  test("no write skew: two that read both and write one each do not both succeed", async (world) => {
    await world.set("a/1", { n: 1n });
    await world.set("a/2", { n: 1n });
    const [one, two] = [await world.begin(), await world.begin()];
    for (const transaction of [one, two]) {
      await world.get("a/1", { transaction });
      await world.get("a/2", { transaction });
    }
    const statuses = await both(
      world.commit([{ update: world.document("a/1", { n: 0n }) }], { transaction: one }),
      world.commit([{ update: world.document("a/2", { n: 0n }) }], { transaction: two }),
    );
    expect(statuses).toEqual(oneOf(world));
  });

  test("no phantom: two that query and then create in what they queried do not both succeed", async (world) => {
    const [one, two] = [await world.begin(), await world.begin()];
    for (const transaction of [one, two]) {
      expect(await world.query(wholeCollection, { transaction })).toEqual([]);
    }
    const statuses = await both(
      world.commit([{ update: world.document("a/1", {}) }], { transaction: one }),
      world.commit([{ update: world.document("a/2", {}) }], { transaction: two }),
    );
    expect(statuses).toEqual(oneOf(world));
  });

  test("transactions over different documents do not meet", async (world) => {
    const [one, two] = [await world.begin(), await world.begin()];
    await world.get("a/1", { transaction: one });
    await world.get("a/2", { transaction: two });
    const statuses = await both(
      world.commit([{ update: world.document("a/1", {}) }], { transaction: one }),
      world.commit([{ update: world.document("a/2", {}) }], { transaction: two }),
    );
    expect(statuses).toEqual(["OK", "OK"]);
  });

  test(
    "a list of one collection keeps writes to it waiting, and to no other",
    async (world) => {
      await world.set("b/1", {});
      const transaction = await world.begin();
      const list = { parent: world.name(), collectionId: "b", transaction };
      const { messages } = await world.call("ListDocuments", list);
      expect(messages[0]?.documents.length).toBe(1);
      expect((await world.set("a/1", {})).status).toBe("OK");
      expect((await world.set("b/1/c/1", {})).status).toBe("OK");
      let isDone = false;
      const waiting = (async () => {
        const { status } = await world.set("b/2", {});
        isDone = true;
        return status;
      })();
      await world.get("a/1");
      expect(isDone).toBe(false);
      await world.commit([], { transaction });
      expect(await waiting).toBe("OK");
    },
    { differs: "its transactions lock the documents of a list one by one" },
  );
}
