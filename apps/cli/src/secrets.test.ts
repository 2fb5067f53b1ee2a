import { createTestDatabase } from "@ctb-data/postgres/testing";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { runCliProcess } from "../testing/cli-process.ts";
import { testDir } from "../testing/test-dir.ts";

const runs = { numRuns: process.env["SLOW"] === "1" ? 20 : 3 };
/** Nothing that may stand in a message by chance, and characters that URLs and quoting trip over. */
const secret = fc
  .string({
    minLength: 10,
    maxLength: 30,
    unit: fc.constantFrom(...Array.from("XYZ789@:/%#?'\"$")),
  })
  .map((text) => `S3cr${text}`);

const commands = [
  ["migrate", "status"],
  ["migrate", "up", "--json"],
  ["migrate", "rollback", "--yes", "--verbose"],
  ["migrate", "baseline", "1", "--yes", "--verbose", "--json"],
  ["doctor"],
  ["doctor", "--json", "--verbose"],
  ["generate", "--verbose"],
  ["registry", "show", "--verbose"],
  ["testdb", "list", "--verbose"],
  ["imo", "status", "--verbose"],
  ["imo", "run", "--vendor", "nobody", "--json", "--verbose"],
] as const;

/** Runs every command, all of which fail, and gives all that they printed. */
async function printedBy(cwd: string, env: Readonly<Record<string, string>>): Promise<string> {
  let printed = "";
  for (const args of commands) {
    const { code, stdout, stderr } = await runCliProcess(args, { cwd, env });
    expect({ args, code }).not.toEqual({ args, code: 0 });
    printed += stdout + stderr;
  }
  return printed;
}

test("no failing command ever prints a password or a key, whatever they look like", async () => {
  await using database = await createTestDatabase();
  const server = new URL(database.url);
  await using dir = await testDir({ "migrations/001_x.sql": "SELECT 1;\n" });
  const urls: readonly ((password: string) => string)[] = [
    (password) => `postgres://nobody:${encodeURIComponent(password)}@${server.host}/nowhere`,
    (password) => `postgres://nobody:${password}@${server.host}/nowhere`,
    (password) => `postgres://nobody:${password}@h:99999999/d?sslmode=nonsense`,
    (password) => `http://nobody:${password}@h/d`,
  ];
  await fc.assert(
    fc.asyncProperty(secret, secret, fc.constantFrom(...urls), async (password, key, urlOf) => {
      const printed = await printedBy(dir.path, {
        DATABASE_URL: urlOf(password),
        DATA_ENCRYPTION_KEY: key,
      });
      expect(printed).not.toContain(password);
      expect(printed).not.toContain(encodeURIComponent(password));
      expect(printed).not.toContain(key);
    }),
    runs,
  );
});

const wrapped = (key: string): string =>
  `-----BEGIN PRIVATE KEY-----\\n${key}\\n-----END PRIVATE KEY-----`;

test("the private key of a service account is never printed, in whatever form it is given", async () => {
  const registry = "collections: { notes: { fields: { text: string } } }\n";
  await using dir = await testDir({ "db/registry/clnt_column_registry.yml": registry });
  const account = { FIREBASE_PROJECT_ID: "p", FIREBASE_CLIENT_EMAIL: "a@p.example" };
  await fc.assert(
    fc.asyncProperty(secret, fc.constantFrom(String, wrapped), async (key, formOf) => {
      await dir.write(
        "account.json",
        JSON.stringify({ private_key: formOf(key), client_email: "a@p.example" }),
      );
      for (const env of [
        { ...account, FIREBASE_PRIVATE_KEY: formOf(key) },
        { FIREBASE_PRIVATE_KEY: formOf(key) },
        { ...account, FIREBASE_PRIVATE_KEY_PATH: "account.json" },
      ]) {
        const { code, stdout, stderr } = await runCliProcess(
          ["firestore", "validate", "--verbose"],
          {
            cwd: dir.path,
            env,
          },
        );
        expect(code).toBe(2);
        expect(stdout + stderr).not.toContain(key);
      }
    }),
    runs,
  );
});

test("no failing backup prints a password or a signing key", async () => {
  await using dir = await testDir();
  await runCliProcess(["backup", "keys", "create", "--save"], { cwd: dir.path });
  const create = ["backup", "create", "--only", "postgres", "--verbose"];
  await fc.assert(
    fc.asyncProperty(secret, fc.boolean(), async (text, asJson) => {
      for (const env of [
        {
          DATABASE_URL: `postgres://nobody:${encodeURIComponent(text)}@127.0.0.1:1/nowhere?connect_timeout=1`,
        },
        { DATABASE_URL: `postgres://nobody:${text}@h:99999999/d?sslmode=nonsense` },
        { BACKUP_SIGNING_KEY_PATH: "", BACKUP_SIGNING_KEY: text },
        { BACKUP_PUBLIC_KEY: text },
        { BACKUP_RECIPIENTS: `AGE-SECRET-KEY-1${text}` },
        { BACKUP_STORAGE: `s3://key:${text}@bucket` },
      ]) {
        const args = asJson ? [...create, "--json"] : create;
        const { code, stdout, stderr } = await runCliProcess(args, { cwd: dir.path, env });
        expect({ env: Object.keys(env), failed: code !== 0 }).toEqual({
          env: Object.keys(env),
          failed: true,
        });
        expect(stdout + stderr).not.toContain(text);
      }
    }),
    { numRuns: 1 + (process.env["SLOW"] === "1" ? 5 : 0) },
  );
}, 180_000);

test("a secret in .env is not told either, nor its name's line", async () => {
  await using dir = await testDir({
    ".env": "DATABASE_URL=mysql://u:hunter22@h/d\nDATABASE_POOL_SIZE=0\n",
  });
  const printed = await printedBy(dir.path, {});
  expect(printed).toContain("DATABASE_URL (from .env:1)");
  expect(printed).toContain("DATABASE_POOL_SIZE (from .env:2)");
  expect(printed).not.toContain("hunter22");
});
