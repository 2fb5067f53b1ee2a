import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { Transactions } from "./transactions.ts";

const database = "projects/p/databases/d";

function openTransactions() {
  const ended: Uint8Array[] = [];
  const transactions = new Transactions({ idleMs: 60, totalMs: 200 }, ({ id }) => {
    ended.push(id);
  });
  return { transactions, ended };
}

describe("open transactions", () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  test("one is found by its id, in its own database", () => {
    const { transactions } = openTransactions();
    const one = transactions.begin({ database, readTime: undefined });
    const two = transactions.begin({ database, readTime: 7 });
    expect(transactions.get(database, one.id)).toBe(one);
    expect(transactions.get(database, Uint8Array.from(two.id))).toBe(two);
    expect(() => transactions.get("projects/q/databases/d", one.id)).toThrow(
      "Transaction is invalid or closed.",
    );
  });

  test("one without a request for long is ended, and its locks are released once", () => {
    const { transactions, ended } = openTransactions();
    const { id } = transactions.begin({ database, readTime: undefined });
    vi.advanceTimersByTime(59);
    expect(ended).toEqual([]);
    vi.advanceTimersByTime(1);
    expect(ended).toEqual([id]);
    expect(transactions.size).toBe(0);
    // The client of Node.js begins a transaction anew when it reads "transaction has expired".
    expect(() => transactions.get(database, id)).toThrow(
      "The referenced transaction has expired or is no longer valid.",
    );
    vi.advanceTimersByTime(1000);
    expect(ended).toEqual([id]);
  });

  test("each request begins its idle time anew, but not its whole time", () => {
    const { transactions, ended } = openTransactions();
    const { id } = transactions.begin({ database, readTime: undefined });
    for (let turn = 0; turn < 3; turn += 1) {
      vi.advanceTimersByTime(50);
      transactions.get(database, id);
    }
    vi.advanceTimersByTime(49);
    transactions.get(database, id);
    expect(ended).toEqual([]);
    vi.advanceTimersByTime(1);
    expect(ended).toEqual([id]);
  });

  test("one that had to give way is ABORTED at each request from then on, also after its end", () => {
    const { transactions, ended } = openTransactions();
    const { id, owner } = transactions.begin({ database, readTime: undefined });
    owner.aborted = true;
    for (let request = 0; request < 3; request += 1) {
      expect(() => transactions.get(database, id)).toThrow(
        expect.objectContaining({ status: "ABORTED" }),
      );
    }
    expect(ended).toEqual([id]);
    transactions.rollback(database, id);
    expect(() => transactions.get(database, id)).toThrow(
      expect.objectContaining({ status: "ABORTED" }),
    );
  });

  test("one that is being committed is not committed again, but can be ended", () => {
    const { transactions, ended } = openTransactions();
    const one = transactions.begin({ database, readTime: undefined });
    expect(transactions.toCommit(database, one.id)).toBe(one);
    for (const again of ["toCommit", "get"] as const)
      expect(() => transactions[again](database, one.id)).toThrow(
        "Transaction is invalid or closed.",
      );
    transactions.rollback(database, one.id);
    expect(ended).toEqual([one.id]);
  });

  test("another try has the age of the first, and one of an unknown transaction a new age", () => {
    const { transactions } = openTransactions();
    const first = transactions.begin({ database, readTime: undefined });
    const other = transactions.begin({ database, readTime: undefined });
    transactions.end(first);
    const second = transactions.begin({ database, readTime: undefined, retryOf: first.id });
    transactions.end(second);
    const third = transactions.begin({ database, readTime: undefined, retryOf: second.id });
    expect(third.owner.age).toBe(first.owner.age);
    expect(third.owner.age).toBeLessThan(other.owner.age);
    expect([first, second, third].map(({ owner }) => owner.isRetry)).toEqual([false, true, true]);
    const unknown = transactions.begin({
      database,
      readTime: undefined,
      retryOf: Buffer.from("?"),
    });
    expect(unknown.owner.age).toBeGreaterThan(other.owner.age);
  });

  test("rolling back one that has ended already is no error, but an id that is none is", () => {
    const { transactions, ended } = openTransactions();
    const { id } = transactions.begin({ database, readTime: undefined });
    transactions.rollback(database, id);
    expect(ended).toEqual([id]);
    expect(() => transactions.rollback(database, id)).not.toThrow();
    expect(() => transactions.rollback(database, Buffer.from("none"))).toThrow(
      "Invalid transaction.",
    );
    expect(ended).toEqual([id]);
  });

  test("ids are not guessed from others", () => {
    const { transactions } = openTransactions();
    const ids = Array.from({ length: 100 }, () =>
      transactions.begin({ database, readTime: undefined }).id.toString("hex"),
    );
    expect(new Set(ids).size).toBe(100);
    transactions.close();
    expect(transactions.size).toBe(0);
    expect(vi.getTimerCount()).toBe(0);
  });
});
