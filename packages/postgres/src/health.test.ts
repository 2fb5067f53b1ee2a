import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createTestDatabase, type TestDatabase } from "../testing/index.ts";
import { startTcpProxy } from "../testing/tcp-proxy.ts";
import { openPostgres } from "./open-postgres.ts";

let database: TestDatabase;

beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(async () => {
  await database.drop();
});

describe("health", () => {
  test("says what answers, as whom, and how full the pool is", async () => {
    await using db = await openPostgres({ url: database.url, poolSize: 4 });
    expect(await db.health()).toEqual({
      ok: true,
      description: db.description,
      latencyMs: expect.any(Number),
      version: expect.stringMatching(/^\d+\.\d+$/),
      database: database.name,
      user: decodeURIComponent(new URL(database.url).username),
      writable: true,
      encrypted: false,
      pool: { size: 4, open: 1, idle: 0, waiting: 0 },
    });
  });

  test("says when nothing can be written", async () => {
    const url = new URL(database.url);
    url.searchParams.set("options", "-c default_transaction_read_only=on");
    await using db = await openPostgres({ url: url.href });
    expect(await db.health()).toMatchObject({ ok: true, writable: false });
  });

  test("of a server that is gone, of a full pool and of a closed one is an answer, not an error", async () => {
    const proxy = await startTcpProxy(database.url);
    const db = await openPostgres({ url: proxy.url, poolSize: 1 });
    await db.withConnection(async () => {
      expect(await db.health({ timeoutMs: 30 })).toMatchObject({
        ok: false,
        error: { code: "TIMEOUT" },
      });
    });
    await proxy[Symbol.asyncDispose]();
    await expect
      .poll(async () => await db.health())
      .toMatchObject({
        ok: false,
        description: db.description,
        error: {
          code: "CONNECTION_FAILED",
          message: expect.stringContaining(db.description),
          hint: expect.any(String),
        },
      });
    await db.close();
    expect(await db.health()).toMatchObject({ ok: false, error: { code: "CLOSED" } });
  });
});
