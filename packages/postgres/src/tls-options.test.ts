import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inspect } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createTestDatabase, type TestDatabase } from "../testing/index.ts";
import { selfSigned, startTlsDoor, type TlsDoor } from "../testing/tls-door.ts";
import { openPostgres } from "./open-postgres.ts";
import type { PostgresOptions } from "./postgres.ts";

let database: TestDatabase;
let folder: string;
const good = selfSigned(["localhost", "127.0.0.1"]);

beforeAll(async () => {
  database = await createTestDatabase();
  folder = await mkdtemp(join(tmpdir(), "ctb-tls-"));
  await writeFile(join(folder, "ca.pem"), good.cert);
});
afterAll(async () => {
  await database.drop();
  await rm(folder, { recursive: true });
});

function urlOf(door: TlsDoor, query: string, host = "127.0.0.1"): string {
  const url = new URL(database.url);
  url.hostname = host;
  url.port = String(door.port);
  url.search = query;
  return url.href;
}

/** What becomes of a connection: `encrypted`, `plain`, or the error. */
async function outcome(url: string, options: Partial<PostgresOptions> = {}): Promise<unknown> {
  try {
    await using db = await openPostgres({ url, connectRetries: 0, ...options });
    const health = await db.health();
    if (!health.ok) return health;
    expect((await db.query("SELECT 1 AS one")).rows).toEqual([{ one: 1 }]);
    return health.encrypted ? "encrypted" : "plain";
  } catch (error) {
    return error;
  }
}

describe("TLS", () => {
  test("is verified unless the URL says otherwise", async () => {
    await using door = await startTlsDoor(database.url, good);
    const untrusted = { code: "TLS_FAILED", hint: expect.stringContaining("sslrootcert") };
    for (const query of ["sslmode=require", "sslmode=verify-full", "sslmode=verify-ca", "ssl=true"])
      expect(await outcome(urlOf(door, query))).toMatchObject(untrusted);
    expect(await outcome(urlOf(door, ""), { ssl: true })).toMatchObject(untrusted);
    expect(await outcome(urlOf(door, ""), { ssl: {} })).toMatchObject(untrusted);
    const ca = `sslrootcert=${encodeURIComponent(join(folder, "ca.pem"))}`;
    for (const query of ["sslmode=require", "sslmode=verify-full", "sslmode=verify-ca"])
      expect(await outcome(urlOf(door, `${query}&${ca}`))).toBe("encrypted");
    expect(await outcome(urlOf(door, ""), { ssl: { ca: good.cert } })).toBe("encrypted");
    expect(await outcome(urlOf(door, "sslmode=no-verify"))).toBe("encrypted");
    expect(await outcome(urlOf(door, ""), { ssl: { verify: false } })).toBe("encrypted");
    expect(door.encrypted).toBe(6);
  });

  test("is off for a local host, and where the URL or the options say so", async () => {
    await using door = await startTlsDoor(database.url, { ...good, optional: true });
    expect(await outcome(urlOf(door, ""))).toBe("plain");
    expect(await outcome(urlOf(door, "", "localhost"))).toBe("plain");
    expect(await outcome(urlOf(door, "sslmode=disable"))).toBe("plain");
    expect(await outcome(urlOf(door, "sslmode=require"), { ssl: false })).toBe("plain");
    expect(await outcome(urlOf(door, "sslmode=prefer"))).toBe("encrypted");
    expect(door.encrypted).toBe(1);
  });

  test("of sslmode=prefer is content with a server that has none, and of no other mode", async () => {
    expect(await outcome(`${database.url}?sslmode=prefer`)).toBe("plain");
    for (const mode of ["require", "no-verify", "verify-ca", "verify-full"]) {
      expect(await outcome(`${database.url}?sslmode=${mode}`)).toMatchObject({
        code: "TLS_FAILED",
        hint: expect.stringContaining("sslmode=disable"),
      });
    }
  });

  test("of a certificate for another host, or one that is over, says which", async () => {
    const other = selfSigned(["db.example.org"]);
    await using door = await startTlsDoor(database.url, other);
    expect(
      await outcome(urlOf(door, "sslmode=require"), { ssl: { ca: other.cert } }),
    ).toMatchObject({
      code: "TLS_FAILED",
      hint: expect.stringContaining("host name"),
    });
    await writeFile(join(folder, "other.pem"), other.cert);
    const ca = `sslrootcert=${encodeURIComponent(join(folder, "other.pem"))}`;
    expect(await outcome(urlOf(door, `sslmode=verify-ca&${ca}`))).toBe("encrypted");

    const old = selfSigned(["127.0.0.1"], { from: 2000, to: 2001 });
    await using oldDoor = await startTlsDoor(database.url, old);
    expect(
      await outcome(urlOf(oldDoor, "sslmode=require"), { ssl: { ca: old.cert } }),
    ).toMatchObject({
      code: "TLS_FAILED",
      hint: expect.stringContaining("Renew"),
    });
  });

  test("with a certificate file that is not there is refused before anything is sent", async () => {
    const url = `${database.url}?sslmode=verify-full&sslrootcert=/nowhere/ca.pem`;
    expect(await outcome(url)).toMatchObject({
      code: "INVALID_OPTIONS",
      message: expect.stringContaining("/nowhere/ca.pem"),
    });
  });

  test("cancels a query over TLS, too", async () => {
    await using door = await startTlsDoor(database.url, good);
    await using db = await openPostgres({ url: urlOf(door, "sslmode=no-verify") });
    const sleeping = db.query("SELECT pg_sleep(600)", [], { timeoutMs: 30 });
    await expect(sleeping).rejects.toMatchObject({ code: "TIMEOUT", sqlState: "57014" });
  });
});

test("a password is in nothing that can be printed of an open database and its errors", async () => {
  const { password } = new URL(database.url);
  expect(password.length).toBeGreaterThan(7);
  await using db = await openPostgres({ url: database.url });
  const error: unknown = await db.query("SELEC 1").catch((reason: unknown) => reason);
  await db.withConnection(async (connection) => {
    await db.transaction(async (tx) => {
      for (const value of [db, connection, tx, error, await db.health()]) {
        const said = `${inspect(value, { depth: 30, showHidden: true, getters: true })} ${JSON.stringify(value)} ${String(value)}`;
        expect(said).not.toContain(password);
      }
    });
  });
  expect(db.description).not.toContain(password);
});
