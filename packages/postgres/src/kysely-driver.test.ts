import { parseRegistry } from "@ctb-data/registry";
import { sql, type Generated, type ColumnType } from "kysely";
import { afterAll, beforeEach, describe, expect, test } from "vitest";
import { createTestDatabase } from "../testing/index.ts";
import { openPostgres } from "./open-postgres.ts";
import { schemaSql } from "./schema-sql.ts";

const registry = parseRegistry(`
tables:
  clients:
    columns:
      - { name: id, type: serial, pk: true }
      - { name: big, type: bigint, unique: true }
      - { name: at, type: timestamptz }
      - { name: config, type: jsonb }
      - { name: list, type: "jsonb[]" }
      - { name: secret, type: text, encrypted: true }
`);

interface Database {
  clients: {
    id: Generated<number>;
    big: bigint | null;
    at: ColumnType<string | null, string | Date | null | undefined, string | Date | null>;
    config: unknown;
    list: unknown;
    secret: string | null;
  };
}

const database = await createTestDatabase();
const db = await openPostgres({ url: database.url, registry, poolSize: 3 });
await db.query(schemaSql(registry));
afterAll(async () => {
  await db.close();
  await database.drop();
});
beforeEach(async () => {
  await db.query("TRUNCATE clients RESTART IDENTITY");
});

describe("kysely()", () => {
  test("reads and writes the values of models", async () => {
    const kysely = db.kysely<Database>();
    const at = "2026-01-31T04:05:06.789012Z";
    const row = { big: 9007199254740993n, at, config: { a: [1, 12345678901234567890n] } };
    const inserted = await kysely
      .insertInto("clients")
      .values(row)
      .returningAll()
      .executeTakeFirst();
    expect(inserted).toEqual({ id: 1, list: null, secret: null, ...row });
    const [found] = await kysely.selectFrom("clients").selectAll().where("at", "=", at).execute();
    expect(found).toEqual(inserted);
  });

  test("writes every JSON value into a JSON column, arrays and texts as well", async () => {
    const kysely = db.kysely<Database>();
    const values = [[1, [2]], "text", 1, true, { a: null }, []];
    await kysely
      .insertInto("clients")
      .values(values.map((config) => ({ config })))
      .execute();
    expect(
      (await kysely.selectFrom("clients").select("config").orderBy("id").execute()).map(
        ({ config }) => config,
      ),
    ).toEqual(values);
    await kysely
      .updateTable("clients")
      .set({ config: [3], list: [{ a: 1 }, [2]] })
      .where("id", "=", 1)
      .execute();
    const row = await kysely
      .selectFrom("clients")
      .select(["config", "list"])
      .where("id", "=", 1)
      .executeTakeFirst();
    expect(row).toEqual({ config: [3], list: [{ a: 1 }, [2]] });
    await kysely
      .insertInto("clients")
      .values({ id: 1, config: [0] })
      .onConflict((conflict) => conflict.column("id").doUpdateSet({ config: [4] }))
      .execute();
    expect(
      await kysely.selectFrom("clients").select("config").where("id", "=", 1).executeTakeFirst(),
    ).toEqual({ config: [4] });
  });

  test("refuses plain text for a column that is encrypted", async () => {
    const insert = db
      .kysely<Database>()
      .insertInto("clients")
      .values({ secret: "plain" })
      .execute();
    await expect(insert).rejects.toMatchObject({ code: "UNSUPPORTED", columns: ["secret"] });
    expect(await db.table("clients").count()).toBe(0);
  });

  test("counts the rows that were changed", async () => {
    const kysely = db.kysely<Database>();
    await kysely
      .insertInto("clients")
      .values([{ big: 1n }, { big: 2n }])
      .execute();
    const result = await kysely
      .updateTable("clients")
      .set({ at: new Date(0) })
      .executeTakeFirst();
    expect(result.numUpdatedRows).toBe(2n);
  });

  test("has transactions of its own, which roll back", async () => {
    const kysely = db.kysely<Database>();
    const failing = kysely.transaction().execute(async (trx) => {
      await trx.insertInto("clients").values({ big: 1n }).execute();
      throw new Error("no");
    });
    await expect(failing).rejects.toThrow("no");
    await kysely
      .transaction()
      .setIsolationLevel("serializable")
      .execute(async (trx) => {
        await trx.insertInto("clients").values({ big: 2n }).execute();
      });
    expect(await kysely.selectFrom("clients").select("big").execute()).toEqual([{ big: 2n }]);
  });

  test("inside of a transaction sees it, and nests in it", async () => {
    await db.transaction(async (tx) => {
      const kysely = tx.kysely<Database>();
      await kysely.insertInto("clients").values({ big: 1n }).execute();
      const failing = kysely.transaction().execute(async (trx) => {
        await trx.insertInto("clients").values({ big: 2n }).execute();
        throw new Error("no");
      });
      await expect(failing).rejects.toThrow("no");
      expect(await kysely.selectFrom("clients").select("big").execute()).toEqual([{ big: 1n }]);
      expect(await db.table("clients").count()).toBe(0);
    });
    expect(await db.table("clients").count()).toBe(1);
  });

  test("streams rows, and stops when the loop does", async () => {
    const kysely = db.kysely<Database>();
    await sql`INSERT INTO clients (big) SELECT generate_series(1, 1000)`.execute(kysely);
    const seen: unknown[] = [];
    for await (const { big } of kysely
      .selectFrom("clients")
      .select("big")
      .orderBy("big")
      .stream(10)) {
      seen.push(big);
      if (seen.length === 25) break;
    }
    expect(seen.at(-1)).toBe(25n);
    const { rows } = await db.query(
      "SELECT state FROM pg_stat_activity WHERE datname = current_database() AND state = 'idle in transaction'",
    );
    expect(rows).toEqual([]);
  });

  test("streams in a transaction, which goes on, and gives its connection back when it fails", async () => {
    await db.copyIn(
      "clients",
      Array.from({ length: 250 }, (_, index) => ({ big: BigInt(index) })),
    );
    await db.transaction(async (tx) => {
      const stream = tx.kysely<Database>().selectFrom("clients").selectAll().stream(10);
      for await (const { id } of stream) if (id > 3) break;
      await tx.query("INSERT INTO clients (big) VALUES (1000)");
    });
    await using one = await openPostgres({ url: database.url, registry, poolSize: 1 });
    const kysely = one.kysely<Database>();
    const broken = kysely
      .selectFrom("clients")
      .select(sql<number>`1 / (5 - id)`.as("x"))
      .stream(1);
    const reading = (async () => {
      for await (const { x } of broken) expect(x).toBeDefined();
    })();
    await expect(reading).rejects.toMatchObject({ sqlState: "22012" });
    expect(await one.table("clients").count()).toBe(251);
  });

  test("has savepoints of any name in controlled transactions", async () => {
    const trx = await db.kysely<Database>().startTransaction().execute();
    await trx.insertInto("clients").values({ big: 1n }).execute();
    const later = await trx.savepoint('odd "name"').execute();
    await later.insertInto("clients").values({ big: 2n }).execute();
    await later.rollbackToSavepoint('odd "name"').execute();
    await trx.commit().execute();
    expect((await db.table("clients").find()).map((row) => row["big"])).toEqual([1n]);
  });

  test("does not close the pool that it borrows from", async () => {
    await db.kysely<Database>().destroy();
    expect(await db.table("clients").count()).toBe(0);
  });

  test("gives this package's errors", async () => {
    const kysely = db.kysely<Database>();
    await kysely.insertInto("clients").values({ big: 1n }).execute();
    const again = kysely.insertInto("clients").values({ big: 1n }).execute();
    await expect(again).rejects.toMatchObject({
      code: "CONSTRAINT_VIOLATION",
      constraint: "clients_big_key",
    });
  });
});
