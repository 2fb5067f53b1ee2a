import { inspect } from "node:util";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { runs } from "../testing/random-registry.ts";
import { isPooledHost, parseConnectionUrl } from "./connection-url.ts";
import { openPostgres } from "./open-postgres.ts";

describe("a database URL", () => {
  test.each([undefined, "", "  "])(
    "that is not there (%j) gets an error that says where to get one",
    async (url) => {
      await expect(openPostgres({ url })).rejects.toMatchObject({
        code: "INVALID_OPTIONS",
        message: "No database URL was given.",
        hint: expect.stringContaining("DATABASE_URL"),
      });
    },
  );

  test.each<[string, object]>([
    [
      "postgres://u:p@h:6543/d",
      { host: "h", port: 6543, user: "u", password: "p", database: "d", description: "h:6543/d" },
    ],
    ["postgresql://u@h/d", { port: 5432, password: undefined }],
    ["postgres://u@h", { database: "u" }],
    [" postgres://u@h/d\n", { host: "h" }],
    ["postgres://u:p%40ss%2Fw%23rd@h/d%20b", { password: "p@ss/w#rd", database: "d b" }],
    ["postgres://u:100%@h/d", { password: "100%" }],
    ["postgres://[::1]:5433/d", { host: "::1", description: "[::1]:5433/d", tls: "disable" }],
    ["postgres://u@/d?host=/var/run/postgresql", { host: "/var/run/postgresql", tls: "disable" }],
    [
      "postgres:///d?host=/tmp&port=5433",
      { host: "/tmp", port: 5433, description: "d on socket /tmp/.s.PGSQL.5433" },
    ],
    ["postgres://%2Ftmp/d", { host: "/tmp" }],
    ["postgres://h/d?user=x&password=y", { user: "x", password: "y" }],
    [
      "postgres://h/d?application_name=me&connect_timeout=3&options=-c%20geqo%3Doff",
      { applicationName: "me", connectTimeoutMs: 3000, options: "-c geqo=off" },
    ],
    ["postgres://h/d?connect_timeout=0", { connectTimeoutMs: undefined }],
    ["postgres://h/d?pgbouncer=true", { pooled: true }],
    [
      "postgres://u@ep-cool-1-pooler.eu-central-1.aws.neon.tech/d",
      { pooled: true, tls: "verify-full" },
    ],
  ])("%s is read", (url, target) => {
    expect(parseConnectionUrl(url)).toMatchObject(target);
  });

  test.each<[string, string]>([
    ["h", "verify-full"],
    ["10.0.0.1", "verify-full"],
    ["localhost.example.org", "verify-full"],
    ["127.0.0.1.example.org", "verify-full"],
    ["localhost", "disable"],
    ["db.localhost", "disable"],
    ["127.3.2.1", "disable"],
    ["[::1]", "disable"],
    ["h/d?sslmode=disable", "disable"],
    ["h/d?sslmode=prefer", "prefer"],
    ["h/d?sslmode=require", "verify-full"],
    ["h/d?sslmode=verify-ca", "verify-ca"],
    ["h/d?sslmode=no-verify", "no-verify"],
    ["h/d?ssl=false", "disable"],
    ["localhost/d?ssl=true", "verify-full"],
    ["localhost/d?sslmode=verify-full", "verify-full"],
    ["localhost/d?sslnegotiation=direct", "verify-full"],
  ])("of %s means the TLS mode %s", (rest, tls) => {
    expect(parseConnectionUrl(`postgres://u:p@${rest}`).tls).toBe(tls);
  });

  test.each<[string, string]>([
    ["", "No database URL was given"],
    ["mysql://u:hunter2@h/d", "cannot be read"],
    ["u:hunter2@h/d", "cannot be read"],
    ["postgres://u:hunter2@h:99999/d", "cannot be read"],
    ["postgres://u:hunter2#x@h/d", "cannot be read"],
    ["postgres:/u:hunter2@h/d", "cannot be read"],
    ["postgres://u:123/hunter2@h/d", "cannot be read"],
    ["postgres://u:123?hunter2@h/d", "cannot be read"],
    ["postgres://u:123#hunter2@h/d", "cannot be read"],
    ["postgres://u:hunter2@h/d?port=0", "port"],
    ["postgres://u:hunter2@h/d?sslmode=maybe", "sslmode"],
    ["postgres://u:hunter2@h/d?sslmode=constructor", "sslmode"],
    ["postgres://u:hunter2@h/d?connect_timeout=soon", "connect_timeout"],
    ["postgres://u:hunter2@a,b/d", "several hosts"],
    ["postgres://u:hunter2@h/d?host=a,b", "several hosts"],
  ])("%j is refused in words that do not quote it", (url, words) => {
    expect(() => parseConnectionUrl(url)).toThrow(
      expect.objectContaining({ code: "INVALID_OPTIONS", message: expect.stringContaining(words) }),
    );
    expect(() => parseConnectionUrl(url)).not.toThrow(/hunter2/);
  });

  test.each([
    ["postgres://u@ep-cool-1-pooler.eu.aws.neon.tech/d", true, "ep-cool-1.eu.aws.neon.tech"],
    ["postgres://u@ep-cool-1.eu.aws.neon.tech/d", false, "ep-cool-1.eu.aws.neon.tech"],
    ["postgres://u@my-pooler-db.example.org/d", false, "my-pooler-db.example.org"],
    ["postgres://u@x/d?host=a-pooler.b", true, "a.b"],
    ["not a url", false, ""],
  ])("%s is of a pooler: %s", (url, pooled, directHost) => {
    expect(isPooledHost(url)).toEqual({ pooled, directHost });
  });
});

async function failure(url: string, options: object = {}): Promise<unknown> {
  return await openPostgres({ url, connectRetries: 1, connectTimeoutMs: 500, ...options }).then(
    async (db) => await db.close(),
    (error: unknown) => error,
  );
}

/** Everything that a program may print of it. */
function printed(value: unknown): string {
  const deep = inspect(value, { depth: 20, showHidden: true, getters: true });
  const stack = value instanceof Error ? `${value.stack} ${printed(value.cause)}` : "";
  return `${deep} ${inspect(value)} ${String(value)} ${JSON.stringify(value)} ${JSON.stringify({ ...Object(value) })} ${stack}`;
}

describe("a password", () => {
  /** Long enough not to stand in a text by chance. */
  const password = fc
    .string({ minLength: 8, maxLength: 20, unit: "grapheme-ascii" })
    .map((text) => `p${text.replaceAll(/[\s"'\\]/g, "_")}w`);

  test("is in nothing that is said about a URL that fails", async () => {
    const places: readonly ((secret: string) => string)[] = [
      (secret) => `postgres://u:${encodeURIComponent(secret)}@127.0.0.1:1/d`,
      (secret) => `postgres://u:${encodeURIComponent(secret)}@127.0.0.1:1/d?sslmode=require`,
      (secret) => `postgres://127.0.0.1:1/d?user=u&password=${encodeURIComponent(secret)}`,
      (secret) => `postgres://u:${secret}@127.0.0.1:1/d`,
      (secret) => `postgres://u:${secret}@127.0.0.1:port/d`,
      (secret) => `postgres:/u:${secret}@127.0.0.1:1/d`,
      (secret) => `postgres://u:12/${secret}@127.0.0.1:1/d`,
      (secret) => `postgres://u:12?${secret}@127.0.0.1:1/d`,
      (secret) => `postgres://u:${encodeURIComponent(secret)}@a,b/d`,
      (secret) => `postgres://u:${encodeURIComponent(secret)}@h.invalid/d`,
      (secret) =>
        `postgres://u:${encodeURIComponent(secret)}@127.0.0.1:1/d?sslmode=require&sslrootcert=/nowhere`,
    ];
    await fc.assert(
      fc.asyncProperty(password, fc.constantFrom(...places), async (secret, place) => {
        const url = place(secret);
        const retries: unknown[] = [];
        const error = await failure(url, { onRetry: (retry: unknown) => void retries.push(retry) });
        const said = printed(error) + retries.map(printed).join("");
        expect(error).toBeInstanceOf(Error);
        expect(said).not.toContain(secret);
        expect(said).not.toContain(encodeURIComponent(secret));
      }),
      { ...runs, numRuns: (runs.numRuns ?? 10) * 2 },
    );
  });
});
