import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { createTestDatabase, type TestDatabase } from "../testing/index.ts";
import { startTcpProxy } from "../testing/tcp-proxy.ts";
import { openPostgres } from "./open-postgres.ts";
import { PostgresError } from "./postgres-error.ts";
import type { Postgres, Transaction } from "./postgres.ts";

let database: TestDatabase;
let db: Postgres;

beforeAll(async () => {
  database = await createTestDatabase();
  db = await openPostgres({ url: database.url });
  await db.query(
    "CREATE TABLE accounts (id integer PRIMARY KEY, amount integer NOT NULL CHECK (amount < 1000))",
  );
});
afterAll(async () => {
  await db.close();
  await database.drop();
});
beforeEach(async () => {
  await db.query("TRUNCATE accounts; INSERT INTO accounts VALUES (1, 10), (2, 20)");
});

async function amounts(): Promise<readonly unknown[]> {
  const { rows } = await db.query("SELECT amount FROM accounts ORDER BY id");
  return rows.map((row) => row["amount"]);
}

/** Something that several wait for until all of them are there. The second round does not wait. */
function meeting(of: number): () => Promise<void> {
  let there = 0;
  let open: () => void;
  const all = new Promise<void>((resolve) => {
    open = resolve;
  });
  return async () => {
    there += 1;
    if (there >= of) open();
    await all;
  };
}

/** Reads everything and writes one sum into an account: two at once are not serializable. */
async function takeSum(tx: Transaction, id: number, meet: () => Promise<void>): Promise<void> {
  const { rows } = await tx.query<{ sum: bigint }>("SELECT sum(amount) AS sum FROM accounts");
  await meet();
  await tx.query("UPDATE accounts SET amount = $1 WHERE id = $2", [rows[0]?.sum, id]);
}

const show = async (tx: Transaction, name: string): Promise<unknown> =>
  (await tx.query<{ value: string }>("SELECT current_setting($1) AS value", [name])).rows[0]?.value;

describe("transaction", () => {
  test("commits when its function returns, and gives what that gave", async () => {
    const result = await db.transaction(async (tx) => {
      await tx.query("UPDATE accounts SET amount = 11 WHERE id = 1");
      expect(await amounts()).toEqual([10, 20]);
      return "done";
    });
    expect(result).toBe("done");
    expect(await amounts()).toEqual([11, 20]);
  });

  test("rolls back when its function throws, and throws the same", async () => {
    const error = new Error("mine");
    await expect(
      db.transaction(async (tx) => {
        await tx.query("DELETE FROM accounts");
        throw error;
      }),
    ).rejects.toBe(error);
    expect(await amounts()).toEqual([10, 20]);
  });

  test("runs again after a serialization failure", async () => {
    const meet = meeting(2);
    let runs = 0;
    const run = async (id: number): Promise<void> =>
      await db.transaction(
        async (tx) => {
          runs += 1;
          await takeSum(tx, id, meet);
        },
        { isolation: "serializable" },
      );
    await Promise.all([run(1), run(2)]);
    expect(runs).toBe(3);
    // As if one had come after the other.
    expect([[30, 50], [50, 30], [40, 30], [30, 50]]).toContainEqual(await amounts()); // prettier-ignore
  });

  test("runs again after a deadlock", async () => {
    const meet = meeting(2);
    let runs = 0;
    const run = async (first: number, second: number): Promise<void> =>
      await db.transaction(async (tx) => {
        runs += 1;
        await tx.query("UPDATE accounts SET amount = amount + 1 WHERE id = $1", [first]);
        await meet();
        await tx.query("UPDATE accounts SET amount = amount + 1 WHERE id = $1", [second]);
      });
    await Promise.all([run(1, 2), run(2, 1)]);
    expect(runs).toBe(3);
    expect(await amounts()).toEqual([12, 22]);
  });

  test("gives up after its retries, with the server's error", async () => {
    let runs = 0;
    const failing = db.transaction(
      async (tx) => {
        runs += 1;
        await tx.query("DO $$ BEGIN RAISE serialization_failure; END $$");
      },
      { retries: 2 },
    );
    await expect(failing).rejects.toMatchObject({
      code: "SERIALIZATION_FAILED",
      sqlState: "40001",
    });
    expect(runs).toBe(3);
    runs = 0;
    await expect(
      db.transaction(
        async (tx) => {
          runs += 1;
          await tx.query("DO $$ BEGIN RAISE deadlock_detected; END $$");
        },
        { retries: 0 },
      ),
    ).rejects.toMatchObject({ sqlState: "40P01" });
    expect(runs).toBe(1);
  });

  test.each([
    ["a constraint", "UPDATE accounts SET amount = 5000", "CONSTRAINT_VIOLATION"],
    ["a syntax error", "SELEC 1", "SYNTAX_ERROR"],
    ["an unknown table", "SELECT * FROM nowhere", "UNKNOWN_OBJECT"],
    ["a wrong value", "SELECT 'x'::int", "INVALID_VALUE"],
    ["a lock timeout", "DO $$ BEGIN RAISE lock_not_available; END $$", "TIMEOUT"],
  ])("does not run again after %s", async (_name, sql, code) => {
    let runs = 0;
    await expect(
      db.transaction(async (tx) => {
        runs += 1;
        await tx.query(sql);
      }),
    ).rejects.toMatchObject({ code });
    expect(runs).toBe(1);
  });

  test("that hides the error of a statement is not reported as committed", async () => {
    await expect(
      db.transaction(async (tx) => {
        await tx.query("UPDATE accounts SET amount = 1");
        await tx.query("SELEC 1").catch(() => undefined);
      }),
    ).rejects.toMatchObject({ code: "TRANSACTION_ABORTED" });
    expect(await amounts()).toEqual([10, 20]);
  });

  test("reports a deferred constraint, which only COMMIT finds", async () => {
    await db.query("CREATE TABLE IF NOT EXISTS late (id int UNIQUE DEFERRABLE INITIALLY DEFERRED)");
    await expect(
      db.transaction(async (tx) => await tx.query("INSERT INTO late VALUES (1), (1)")),
    ).rejects.toMatchObject({ code: "CONSTRAINT_VIOLATION", sqlState: "23505" });
    expect(await amounts()).toEqual([10, 20]);
  });

  test("is what its options say", async () => {
    for (const isolation of ["read committed", "repeatable read", "serializable"] as const) {
      await db.transaction(
        async (tx) => {
          expect(await show(tx, "transaction_isolation")).toBe(isolation);
          expect(await show(tx, "transaction_read_only")).toBe("on");
          expect(await show(tx, "statement_timeout")).toBe("5s");
        },
        { isolation, readOnly: true, statementTimeoutMs: 5000 },
      );
    }
    await expect(
      db.transaction(async (tx) => await tx.query("DELETE FROM accounts"), { readOnly: true }),
    ).rejects.toMatchObject({ sqlState: "25006" });
    expect(
      (await db.query<{ v: string }>("SELECT current_setting('statement_timeout') AS v")).rows[0]
        ?.v,
    ).toBe("0");
  });

  test("ends with its function: whoever keeps it gets an error", async () => {
    let kept: Transaction | undefined;
    await db.transaction(async (tx) => {
      kept = tx;
      await tx.query("SELECT 1");
    });
    await expect(kept?.query("SELECT 1")).rejects.toMatchObject({ code: "CLOSED" });
    await expect(kept?.transaction(async () => await Promise.resolve())).rejects.toMatchObject({
      code: "CLOSED",
    });
  });

  test("runs statements that are given at once one after the other", async () => {
    await db.transaction(async (tx) => {
      const results = await Promise.all(
        Array.from(
          { length: 20 },
          async (_, n) => (await tx.query("SELECT $1::int AS n", [n])).rows[0]?.["n"],
        ),
      );
      expect(results).toEqual(Array.from({ length: 20 }, (_, n) => n));
    });
  });
});

/** Lines of COPY, one chunk each. */
async function* lines(...texts: readonly string[]): AsyncGenerator<Uint8Array> {
  for (const text of texts) yield await Promise.resolve(Buffer.from(`${text}\n`));
}

describe("copyInText", () => {
  test("writes in its transaction, into a temporary table too", async () => {
    await db.transaction(async (tx) => {
      await tx.query("CREATE TEMPORARY TABLE work (id integer, amount integer) ON COMMIT DROP");
      expect(await tx.copyInText("COPY work FROM STDIN", lines("3\t30", "4\t40"))).toEqual({
        rows: 2,
      });
      await tx.query("INSERT INTO accounts SELECT * FROM work");
      expect(await amounts()).toEqual([10, 20]);
    });
    expect(await amounts()).toEqual([10, 20, 30, 40]);
  });

  test("that is refused fails the nested transaction only", async () => {
    await db.transaction(async (tx) => {
      await tx.query("UPDATE accounts SET amount = 11 WHERE id = 1");
      const refused = tx.transaction(
        async (inner) => await inner.copyInText("COPY accounts FROM STDIN", lines("3\t30", "4\tx")),
      );
      await expect(refused).rejects.toMatchObject({ code: "INVALID_VALUE", sqlState: "22P02" });
    });
    expect(await amounts()).toEqual([11, 20]);
  });
});

describe("a nested transaction", () => {
  test("is undone alone", async () => {
    await db.transaction(async (tx) => {
      await tx.query("UPDATE accounts SET amount = 1 WHERE id = 1");
      await tx.transaction(async (inner) => {
        await inner.query("UPDATE accounts SET amount = 2 WHERE id = 2");
        await expect(
          inner.transaction(async (innermost) => {
            await innermost.query("UPDATE accounts SET amount = 500");
            await innermost.query("UPDATE accounts SET amount = 5000");
          }),
        ).rejects.toMatchObject({ code: "CONSTRAINT_VIOLATION" });
      });
      await expect(
        tx.transaction(async (inner) => {
          await inner.query("DELETE FROM accounts");
          throw new Error("mine");
        }),
      ).rejects.toThrow("mine");
    });
    expect(await amounts()).toEqual([1, 2]);
  });

  test("that fails with a serialization failure makes the whole run again", async () => {
    let runs = 0;
    await db.transaction(async (tx) => {
      runs += 1;
      await tx.transaction(async (inner) => {
        if (runs === 1) await inner.query("DO $$ BEGIN RAISE serialization_failure; END $$");
      });
    });
    expect(runs).toBe(2);
  });
});

describe("a signal", () => {
  test("cancels what runs, rolls back, and leaves the connection usable", async () => {
    await using one = await openPostgres({ url: database.url, poolSize: 1 });
    const controller = new AbortController();
    const running = one.transaction(
      async (tx) => {
        await tx.query("DELETE FROM accounts");
        setTimeout(() => controller.abort(), 50);
        await tx.query("SELECT pg_sleep(600)");
      },
      { signal: controller.signal },
    );
    await expect(running).rejects.toMatchObject({ code: "CANCELLED" });
    expect((await one.query("SELECT 1 AS one")).rows).toEqual([{ one: 1 }]);
    expect(await amounts()).toEqual([10, 20]);
  });

  test("ends a transaction that waits for something else", async () => {
    const controller = new AbortController();
    const waiting = db.transaction(
      async (tx) => {
        await tx.query("DELETE FROM accounts");
        setTimeout(() => controller.abort(), 20);
        await new Promise(() => undefined);
      },
      { signal: controller.signal },
    );
    await expect(waiting).rejects.toMatchObject({ code: "CANCELLED" });
    await db.query("UPDATE accounts SET amount = 9 WHERE id = 1");
    expect(await amounts()).toEqual([9, 20]);
  });

  test("that is aborted already starts nothing", async () => {
    let started = false;
    const never = db.transaction(
      async () => {
        started = true;
        await Promise.resolve();
      },
      { signal: AbortSignal.abort() },
    );
    await expect(never).rejects.toMatchObject({ code: "CANCELLED" });
    expect(started).toBe(false);
  });
});

describe("a connection that breaks", () => {
  test.each([
    ["before the server saw it", "before", [10, 20]],
    ["after the server saw it", "after", [11, 20]],
  ] as const)(
    "during COMMIT, %s, leaves the outcome unknown and is never run again",
    async (_name, when, after) => {
      await using proxy = await startTcpProxy(database.url);
      await using far = await openPostgres({ url: proxy.url });
      let runs = 0;
      proxy.cutAt("COMMIT", when);
      const error: unknown = await far
        .transaction(async (tx) => {
          runs += 1;
          await tx.query("UPDATE accounts SET amount = 11 WHERE id = 1");
        })
        .catch((reason: unknown) => reason);
      expect(error).toBeInstanceOf(PostgresError);
      expect(error).toMatchObject({ code: "COMMIT_UNKNOWN", hint: expect.any(String) });
      expect(runs).toBe(1);
      proxy.cutAt(undefined);
      await expect.poll(amounts).toEqual(after);
      expect((await far.query("SELECT 1 AS one")).rows).toEqual([{ one: 1 }]);
    },
  );

  test("in the middle rolls back, and is not run again: its function may have done other things", async () => {
    await using proxy = await startTcpProxy(database.url);
    await using far = await openPostgres({ url: proxy.url });
    let runs = 0;
    const broken = far.transaction(async (tx) => {
      runs += 1;
      await tx.query("DELETE FROM accounts");
      proxy.cut();
      await tx.query("SELECT 1");
    });
    await expect(broken).rejects.toMatchObject({ code: "CONNECTION_LOST" });
    expect(runs).toBe(1);
    expect(await amounts()).toEqual([10, 20]);
  });

  test("while it was idle is replaced before the first statement", async () => {
    await using proxy = await startTcpProxy(database.url);
    await using far = await openPostgres({ url: proxy.url, poolSize: 1 });
    proxy.cutAt("BEGIN");
    const first = far.transaction(async (tx) => await tx.query("SELECT 1 AS one"));
    setTimeout(() => proxy.cutAt(undefined), 0);
    expect((await first).rows).toEqual([{ one: 1 }]);
  });
});
