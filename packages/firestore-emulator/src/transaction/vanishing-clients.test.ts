import { setTimeout } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ContractWorld } from "../../testing/contract/contract-world.ts";
import { RawClient } from "../../testing/raw-client.ts";
import { startTcpProxy, type TcpProxy } from "../../testing/tcp-proxy.ts";
import { startFirestoreEmulator, type FirestoreEmulator } from "../index.ts";

describe("clients that vanish", () => {
  const problems: unknown[] = [];
  let emulator: FirestoreEmulator;
  /** What a client that vanishes is connected by. */
  let line: TcpProxy;
  beforeAll(async () => {
    emulator = await startFirestoreEmulator({
      port: 0,
      transactionIdleMs: 200,
      lockWaitMs: 5000,
      onProblem: (error) => problems.push(error),
    });
    line = await startTcpProxy(emulator.port);
  });
  afterAll(async () => {
    line.close();
    await emulator.close();
  });

  function newWorld(): ContractWorld {
    return new ContractWorld({ address: emulator.address, isOfficial: false });
  }

  test("in a transaction: its locks are free once it was idle for long", async () => {
    const world = newWorld();
    const gone = new RawClient(`127.0.0.1:${line.port}`);
    const transaction = await world.begin();
    await world.callOn(gone, "GetDocument", { name: world.name("a/b"), transaction });
    await world.callOn(gone, "RunQuery", {
      parent: world.name(),
      structuredQuery: { from: [{ collectionId: "c" }] },
      transaction,
    });
    line.cut();
    gone.close();
    const written = await Promise.all([world.set("a/b", {}), world.set("c/d", {})]);
    expect(written.map(({ status }) => status)).toEqual(["OK", "OK"]);
    expect((await world.commit([], { transaction })).status).toBe("INVALID_ARGUMENT");
    world.client.close();
  });

  test("waiting for a lock: nobody waits behind them, and nothing of theirs is written", async () => {
    const world = newWorld();
    const transaction = await world.begin();
    await world.get("a/b", { transaction });
    const gone = new RawClient(`127.0.0.1:${line.port}`);
    const update = world.document("a/b", { from: "gone" });
    void gone.call("Commit", { database: world.database, writes: [{ update }] });
    await setTimeout(50);
    const behind = world.set("a/b", { from: "behind" }, { currentDocument: { exists: false } });
    line.cut();
    await setTimeout(50);
    await world.commit([], { transaction });
    expect((await behind).status).toBe("OK");
    gone.close();
    world.client.close();
  });

  test("in the middle of the results of a query", async () => {
    const world = newWorld();
    const text = "x".repeat(100_000);
    for (let index = 0; index < 100; index += 20) {
      const writes = Array.from({ length: 20 }, (_, more) => ({
        update: world.document(`a/${index + more}`, { text }),
      }));
      await world.commit(writes);
    }
    const request = {
      parent: world.name(),
      structuredQuery: { from: [{ collectionId: "a" }] },
      newTransaction: { readWrite: {} },
    };
    for (let round = 0; round < 10; round += 1) {
      const gone = new RawClient(`127.0.0.1:${line.port}`);
      void gone.call("RunQuery", request);
      await setTimeout(round * 2);
      line.cut();
      gone.close();
    }
    expect((await world.set("a/0", {})).status).toBe("OK");
    expect(problems).toEqual([]);
    world.client.close();
  });

  test("a transaction that ends while its read waits leaves no lock behind", async () => {
    const world = newWorld();
    const [holder, other] = [await world.begin(), await world.begin()];
    await world.get("a/b", { transaction: holder });
    const plain = world.set("a/b", { n: 1n });
    const waiting = world.call("GetDocument", { name: world.name("a/b"), transaction: other });
    await setTimeout(30);
    await world.call("Rollback", { database: world.database, transaction: other });
    expect((await waiting).status).toBe("ABORTED");
    await world.commit([], { transaction: holder });
    expect((await plain).status).toBe("OK");
    expect((await world.set("a/b", { n: 2n })).status).toBe("OK");
    world.client.close();
  });
});
