import type { Postgres, Transaction } from "@ctb-data/postgres";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createTestDatabase } from "./create-test-database.ts";
import type { TestDatabase } from "./test-database.ts";
import { withRollback } from "./with-rollback.ts";

let database: TestDatabase;

beforeAll(async () => {
  database = await createTestDatabase({
    seed: {
      key: "with-rollback",
      run: async (db) => void (await db.query("CREATE TABLE notes (id serial, title text UNIQUE)")),
    },
  });
});

afterAll(async () => {
  await database.close();
});

const add = async (db: Postgres | Transaction, title: string): Promise<void> => {
  await db.query("INSERT INTO notes (title) VALUES ($1)", [title]);
};

async function titles(db: Postgres | Transaction): Promise<readonly string[]> {
  const { rows } = await db.query<{ title: string }>("SELECT title FROM notes ORDER BY id");
  return rows.map(({ title }) => title);
}

test("what it returns comes back, what it wrote does not stay", async () => {
  const { db } = database;
  const inside = await withRollback(db, async (tx) => {
    await add(tx, "gone");
    return await titles(tx);
  });
  expect(inside).toEqual(["gone"]);
  expect(await titles(db)).toEqual([]);
});

test("it gives undefined when that is what it returns", async () => {
  expect(await withRollback(database.db, async (tx) => await add(tx, "x"))).toBeUndefined();
});

test("what it throws comes out, and nothing stays", async () => {
  const { db } = database;
  const error = new Error("of the test");
  await expect(
    withRollback(db, async (tx) => {
      await add(tx, "gone");
      throw error;
    }),
  ).rejects.toBe(error);
  expect(await titles(db)).toEqual([]);
});

test("a statement that fails and was expected to does not make it fail", async () => {
  const { db } = database;
  const code = await withRollback(db, async (tx) => {
    await add(tx, "same");
    return await add(tx, "same").catch((error: unknown) =>
      String(Reflect.get(Object(error), "code")),
    );
  });
  expect(code).toBe("CONSTRAINT_VIOLATION");
  expect(await titles(db)).toEqual([]);
});

test("within another one, only the inner part is undone", async () => {
  const { db } = database;
  await withRollback(db, async (outer) => {
    await add(outer, "outer");
    await withRollback(outer, async (inner) => {
      await add(inner, "inner");
      await withRollback(inner, async (innermost) => await add(innermost, "innermost"));
      expect(await titles(inner)).toEqual(["outer", "inner"]);
    });
    expect(await titles(outer)).toEqual(["outer"]);
    await expect(
      withRollback(outer, async (inner) => await inner.query("SELECT 1/0")),
    ).rejects.toMatchObject({ sqlState: "22012" });
    expect(await titles(outer)).toEqual(["outer"]);
  });
  expect(await titles(db)).toEqual([]);
});

test("transactions that the code under test opens are savepoints of it", async () => {
  const { db } = database;
  await withRollback(db, async (tx) => {
    await tx.transaction(async (own) => await add(own, "kept"));
    const failing = tx.transaction(async (own) => {
      await add(own, "undone");
      throw new Error("refused");
    });
    await expect(failing).rejects.toThrow("refused");
    expect(await titles(tx)).toEqual(["kept"]);
  });
  expect(await titles(db)).toEqual([]);
});

test("it runs once, also when the server would have it tried again", async () => {
  let runs = 0;
  const failing = withRollback(database.db, async (tx) => {
    runs += 1;
    await tx.query("DO $$ BEGIN RAISE EXCEPTION 'again' USING ERRCODE = '40001'; END $$");
  });
  await expect(failing).rejects.toMatchObject({ code: "SERIALIZATION_FAILED" });
  expect(runs).toBe(1);
});

test("a connection that breaks is told, and nothing stays", async () => {
  const { db } = database;
  const broken = withRollback(db, async (tx) => {
    await add(tx, "gone");
    await db.query("SELECT pg_terminate_backend($1)", [tx.processId]);
    await add(tx, "too late");
  });
  await expect(broken).rejects.toMatchObject({ code: "CONNECTION_LOST" });
  expect(await titles(db)).toEqual([]);
});

const next = async (from: Postgres | Transaction): Promise<unknown> =>
  (await from.query("SELECT nextval('notes_id_seq')::int AS id")).rows[0]?.["id"];

test("values of a sequence are not given back", async () => {
  const { db } = database;
  const inside = await withRollback(db, next);
  expect(await next(db)).toBe(Number(inside) + 1);
});

test.each(["COMMIT", "COMMIT; BEGIN", "ROLLBACK", "ROLLBACK; BEGIN"])(
  "%s as a statement within is told, also when an error comes out",
  async (end) => {
    const { db } = database;
    const error = new Error("of the test");
    const ending = withRollback(db, async (tx) => {
      await add(tx, "may stay");
      await tx.query(end);
    });
    await expect(ending).rejects.toMatchObject({ code: "REFUSED" });
    const failing = withRollback(db, async (tx) => {
      await withRollback(tx, async (inner) => await inner.query(end));
      throw error;
    });
    await expect(failing).rejects.toMatchObject({ code: "REFUSED" });
    const throwing = withRollback(db, async (tx) => {
      await tx.query(end);
      throw error;
    });
    await expect(throwing).rejects.toMatchObject({ code: "REFUSED", cause: error });
    await db.query("TRUNCATE notes");
  },
);
