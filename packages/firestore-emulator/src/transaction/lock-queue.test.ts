import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { StoredDocument } from "../store/stored-document.ts";
import { LockOwner, type QueryLock } from "./lock-owner.ts";
import { LockQueue } from "./lock-queue.ts";
import type { LockTarget } from "./lock-request.ts";

const waits = { lockMs: 1000, patienceMs: 10, courtesyMs: 0 };

const documentAt = (path: string): StoredDocument => ({
  path,
  fields: new Map(),
  createTime: 0,
  updateTime: 0,
});

const wholeCollection: QueryLock = {
  collectionId: "c",
  covers: ({ path }) => path.startsWith("c/"),
};

/** Owners that read and write, and what has come of it so far. */
class Room {
  readonly log: string[] = [];
  readonly queue = new LockQueue(waits);
  #age = 0;

  transaction(options: { age?: number; isRetry?: boolean } = {}): LockOwner {
    this.#age += 1;
    const { age = this.#age, isRetry = false } = options;
    return new LockOwner({ age, isRetry, isTransaction: true });
  }

  writer(): LockOwner {
    this.#age += 1;
    return new LockOwner({ age: this.#age, isRetry: false, isTransaction: false });
  }

  read(name: string, owner: LockOwner, paths: readonly string[], signal?: AbortSignal) {
    return this.#run(name, owner, { kind: "documents", paths }, signal, () => {
      this.queue.hold(owner);
      for (const path of paths) owner.documents.add(path);
    });
  }

  query(name: string, owner: LockOwner, lock: QueryLock = wholeCollection) {
    return this.#run(name, owner, { kind: "query", lock }, undefined, () => {
      this.queue.hold(owner);
      owner.queries.push(lock);
    });
  }

  write(name: string, owner: LockOwner, paths: readonly string[], signal?: AbortSignal) {
    const written = () =>
      paths.map((path) => ({ path, before: undefined, after: documentAt(path) }));
    const target: LockTarget = { kind: "write", paths: new Set(paths), written };
    return this.#run(name, owner, target, signal, () => {});
  }

  /** What has happened since the last time. */
  async news(): Promise<string[]> {
    for (let turn = 0; turn < 20; turn += 1) await Promise.resolve();
    return this.log.splice(0);
  }

  async #run(
    name: string,
    owner: LockOwner,
    target: LockTarget,
    signal: AbortSignal | undefined,
    lock: () => void,
  ): Promise<void> {
    const action = (): void => {
      lock();
      this.log.push(name);
    };
    try {
      await this.queue.run({ owner, target }, action, signal);
    } catch (error) {
      this.log.push(`${name}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
}

const contended = "Too much contention on these documents. Please try again.";

describe("a queue of locks", () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  test("a write waits until nobody holds what it writes, and no longer", async () => {
    const room = new Room();
    const one = room.transaction();
    const two = room.transaction();
    void room.read("one reads", one, ["c/1"]);
    void room.read("two reads", two, ["c/1"]);
    vi.advanceTimersByTime(waits.patienceMs);
    expect(await room.news()).toEqual(["one reads", "two reads"]);
    void room.write("writes", room.writer(), ["c/1"]);
    void room.write("writes elsewhere", room.writer(), ["c/2"]);
    expect(await room.news()).toEqual(["writes elsewhere"]);
    room.queue.release(one);
    expect(await room.news()).toEqual([]);
    room.queue.release(two);
    expect(await room.news()).toEqual(["writes"]);
  });

  test("a query is locked against what would come into it, too", async () => {
    const room = new Room();
    const reader = room.transaction();
    void room.query("queries", reader);
    void room.write("creates", room.writer(), ["c/new"]);
    void room.write("creates elsewhere", room.writer(), ["d/new"]);
    expect(await room.news()).toEqual(["queries", "creates elsewhere"]);
    room.queue.release(reader);
    expect(await room.news()).toEqual(["creates"]);
  });

  test("a write that would change nothing of a query is not kept waiting by it", async () => {
    const room = new Room();
    void room.query("queries", room.transaction(), {
      collectionId: "c",
      covers: ({ path }) => path < "c/5",
    });
    void room.write("behind", room.writer(), ["c/7"]);
    expect(await room.news()).toEqual(["queries", "behind"]);
  });

  test("reads that come after a write that waits wait behind it: readers do not starve a writer", async () => {
    const room = new Room();
    const holder = room.transaction();
    void room.read("holds", holder, ["c/1"]);
    await room.news();
    void room.write("writes", room.writer(), ["c/1"]);
    for (let turn = 0; turn < 10; turn += 1) {
      const reader = room.transaction();
      void (turn % 2 === 0 ? room.read("reads", reader, ["c/1"]) : room.query("reads", reader));
      vi.advanceTimersByTime(waits.patienceMs);
    }
    expect(await room.news()).toEqual([]);
    room.queue.release(holder);
    expect((await room.news()).slice(0, 2)).toEqual(["writes", "reads"]);
  });

  test("writes to one document are made in the order of their coming", async () => {
    const room = new Room();
    const holder = room.transaction();
    void room.read("holds", holder, ["c/1", "c/2"]);
    await room.news();
    void room.write("first", room.writer(), ["c/1"]);
    void room.write("second", room.writer(), ["c/1", "c/2"]);
    void room.write("third", room.writer(), ["c/2"]);
    room.queue.release(holder);
    expect(await room.news()).toEqual(["first", "second", "third"]);
  });

  test("a commit that waited for a transaction is made a little after its end", async () => {
    const queue = new LockQueue({ ...waits, courtesyMs: 5 });
    const transaction = new LockOwner({ age: 1, isRetry: false, isTransaction: true });
    transaction.documents.add("c/1");
    queue.hold(transaction);
    const owner = new LockOwner({ age: 2, isRetry: false, isTransaction: false });
    const made = vi.fn<() => void>();
    void queue.run(
      { owner, target: { kind: "write", paths: new Set(["c/1"]), written: () => [] } },
      made,
    );
    queue.release(transaction);
    vi.advanceTimersByTime(4);
    expect(made).not.toHaveBeenCalled();
    vi.advanceTimersByTime(1);
    expect(made).toHaveBeenCalledOnce();
  });

  test("an older transaction does not wait for a younger one that has read what it writes", async () => {
    const room = new Room();
    const older = room.transaction();
    const younger = room.transaction();
    void room.read("older reads", older, ["c/1"]);
    void room.read("younger reads", younger, ["c/1"]);
    vi.advanceTimersByTime(waits.patienceMs);
    void room.write("older writes", older, ["c/1"]);
    expect(await room.news()).toEqual(["older reads", "younger reads", "older writes"]);
    void room.write("younger writes", younger, ["c/1"]);
    expect(await room.news()).toEqual([`younger writes: ${contended}`]);
    expect(younger.aborted).toBe(true);
    expect(older.aborted).toBe(false);
  });

  test("it is the younger that gives way even when the older closes the circle", async () => {
    const room = new Room();
    const older = room.transaction();
    const younger = room.transaction();
    void room.read("", older, ["c/1"]);
    void room.read("", younger, ["c/1"]);
    vi.advanceTimersByTime(waits.patienceMs);
    void room.write("younger writes", younger, ["c/1"]);
    await room.news();
    void room.write("older writes", older, ["c/1"]);
    expect((await room.news()).toSorted()).toEqual(
      ["older writes", `younger writes: ${contended}`].toSorted(),
    );
  });

  test("one that is tried again keeps its age", async () => {
    const room = new Room();
    const first = room.transaction({ age: 1 });
    const other = room.transaction({ age: 2 });
    room.queue.release(first);
    const again = room.transaction({ age: 1, isRetry: true });
    void room.read("", other, ["c/1"]);
    void room.read("", again, ["c/1"]);
    vi.advanceTimersByTime(waits.patienceMs);
    void room.write("again", again, ["c/1"]);
    void room.write("other", other, ["c/1"]);
    expect((await room.news()).filter((line) => line.startsWith("again"))).toEqual(["again"]);
    expect(other.aborted).toBe(true);
  });

  test("an older transaction does not wait for a younger one whose query covers what it writes", async () => {
    const room = new Room();
    const [one, two, three] = [room.transaction(), room.transaction(), room.transaction()];
    void room.query("", two, { collectionId: "e", covers: ({ path }) => path === "e/1" });
    void room.write("three waits", three, ["e/1"]);
    void room.write("one", one, ["e/2"]);
    expect((await room.news()).toSorted()).toEqual(["", "one"]);
    expect(two.aborted).toBe(false);
    void room.write("one again", one, ["e/1"]);
    expect((await room.news()).toSorted()).toEqual(["one again", "three waits"]);
    expect(two.aborted).toBe(true);
  });

  test("of a circle that reads close, the youngest gives way", async () => {
    const room = new Room();
    const [one, two] = [room.transaction({ isRetry: true }), room.transaction({ isRetry: true })];
    void room.read("", one, ["c/1"]);
    void room.read("", two, ["d/1"]);
    void room.read("one reads", one, ["d/1"]);
    await room.news();
    void room.read("two reads", two, ["c/1"]);
    expect((await room.news()).toSorted()).toEqual(["one reads", `two reads: ${contended}`]);
  });

  test("a transaction reads on though a commit without one waits for it", async () => {
    const room = new Room();
    const transaction = room.transaction();
    void room.read("", transaction, ["c/1"]);
    void room.write("plain", room.writer(), ["c/1", "c/2"]);
    await room.news();
    void room.read("reads", transaction, ["c/2"]);
    expect(await room.news()).toEqual(["reads"]);
    void room.write("writes", transaction, ["c/1", "c/2"]);
    expect(await room.news()).toEqual(["writes"]);
    room.queue.release(transaction);
    expect(await room.news()).toEqual(["plain"]);
  });

  test("a transaction ends though commits without one wait for it: writers do not starve it", async () => {
    const room = new Room();
    const one = room.transaction();
    void room.read("reads", one, ["c/1"]);
    void room.write("plain", room.writer(), ["c/1"]);
    void room.write("commits", one, ["c/1"]);
    expect(await room.news()).toEqual(["reads", "commits"]);
    room.queue.release(one);
    expect(await room.news()).toEqual(["plain"]);
  });

  test("a transaction queries again though a commit waits that would change the answer", async () => {
    const room = new Room();
    const one = room.transaction();
    void room.query("queries", one);
    void room.write("plain", room.writer(), ["c/1"]);
    void room.query("queries again", one);
    void room.read("reads", one, ["c/1"]);
    void room.write("commits", one, ["c/1", "d/1"]);
    expect(await room.news()).toEqual(["queries", "queries again", "reads", "commits"]);
    room.queue.release(one);
    expect(await room.news()).toEqual(["plain"]);
  });

  test("tried again, one keeps others that are tried again from reading the same", async () => {
    const room = new Room();
    const one = room.transaction({ isRetry: true });
    const two = room.transaction({ isRetry: true });
    const fresh = room.transaction();
    void room.read("one", one, ["c/1"]);
    void room.read("two", two, ["c/1"]);
    void room.query("fresh", fresh);
    expect(await room.news()).toEqual(["one", "fresh"]);
    room.queue.release(one);
    expect(await room.news()).toEqual(["two"]);
  });

  test("who waits too long is refused, and what it held is free", async () => {
    const room = new Room();
    const holder = room.transaction();
    const waiter = room.transaction();
    void room.read("", holder, ["c/1"]);
    void room.read("", waiter, ["c/2"]);
    void room.write("waits", waiter, ["c/1"]);
    void room.write("waits for the waiter", room.writer(), ["c/2"]);
    await room.news();
    vi.advanceTimersByTime(waits.lockMs - 1);
    expect(await room.news()).toEqual([]);
    vi.advanceTimersByTime(1);
    expect((await room.news()).toSorted()).toEqual(
      [`waits: ${contended}`, "waits for the waiter"].toSorted(),
    );
  });

  test("a client that has gone leaves the queue, and those behind it go on", async () => {
    const room = new Room();
    const holder = room.transaction();
    const gone = new AbortController();
    void room.read("", holder, ["c/1"]);
    void room.write("gone", room.writer(), ["c/1", "c/2"], gone.signal);
    void room.write("behind", room.writer(), ["c/2"]);
    await room.news();
    gone.abort();
    expect((await room.news()).toSorted()).toEqual([
      "behind",
      "gone: The client has cancelled the call.",
    ]);
    room.queue.release(holder);
    expect(await room.news()).toEqual([]);
  });

  test("a client that had gone before does not wait at all", async () => {
    const room = new Room();
    void room.read("", room.transaction(), ["c/1"]);
    await room.news();
    void room.write("gone", room.writer(), ["c/1"], AbortSignal.abort());
    expect(await room.news()).toEqual(["gone: The client has cancelled the call."]);
    expect(vi.getTimerCount()).toBe(0);
  });

  test("a call that was answered and then cancelled takes nothing from its transaction", async () => {
    const room = new Room();
    const holder = room.transaction();
    const writer = room.writer();
    const transaction = room.transaction();
    const answered = new AbortController();
    void room.read("", holder, ["c/1", "c/3"]);
    void room.write("", writer, ["c/1"]);
    void room.read("reads", transaction, ["c/1"], answered.signal);
    void room.write("", room.writer(), ["c/3"]);
    await room.news();
    room.queue.release(holder);
    expect(await room.news()).toContain("reads");
    const other = room.transaction({ age: 0 });
    void room.read("", other, ["c/2"]);
    void room.write("writes", transaction, ["c/2"]);
    await room.news();
    answered.abort();
    expect(await room.news()).toEqual([]);
    room.queue.release(other);
    expect(await room.news()).toEqual(["writes"]);
  });

  test("what an ended transaction waited for is refused: it never gets a lock that nobody releases", async () => {
    const room = new Room();
    const holder = room.transaction();
    const ended = room.transaction();
    void room.read("", holder, ["c/1"]);
    void room.write("", room.writer(), ["c/1"]);
    void room.read("ended", ended, ["c/1"]);
    await room.news();
    room.queue.release(ended);
    expect(await room.news()).toEqual([`ended: ${contended}`]);
    void room.read("later", ended, ["c/2"]);
    expect(await room.news()).toEqual([`later: ${contended}`]);
    room.queue.release(holder);
    await room.news();
    void room.write("free", room.writer(), ["c/1", "c/2"]);
    expect(await room.news()).toEqual(["free"]);
    expect(vi.getTimerCount()).toBe(0);
  });

  test("what fails when its turn comes is told to who asked, and keeps nobody waiting", async () => {
    const room = new Room();
    const holder = room.transaction();
    void room.read("", holder, ["c/1"]);
    const target: LockTarget = { kind: "write", paths: new Set(["c/1"]), written: () => [] };
    const failing = room.queue.run({ owner: room.writer(), target }, () => {
      throw new Error("not met");
    });
    void room.write("behind", room.writer(), ["c/1"]);
    await room.news();
    room.queue.release(holder);
    await expect(failing).rejects.toThrow("not met");
    expect(await room.news()).toEqual(["behind"]);
  });

  test("closing refuses all who wait", async () => {
    const room = new Room();
    void room.read("", room.transaction(), ["c/1"]);
    void room.write("waits", room.writer(), ["c/1"]);
    await room.news();
    room.queue.close(new Error("over"));
    expect(await room.news()).toEqual(["waits: over"]);
    expect(vi.getTimerCount()).toBe(0);
  });
});
