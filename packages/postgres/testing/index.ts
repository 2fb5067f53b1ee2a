import { randomBytes } from "node:crypto";
import { chmodSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Client } from "pg";
import { startEmbeddedPostgres } from "../src/embedded.ts";

/** A database for one test file, empty, dropped when it is disposed of. */
export interface TestDatabase extends AsyncDisposable {
  readonly url: string;
  drop(): Promise<void>;
}

const serverVariable = "CTB_DATA_TEST_SERVER";

/** For `test.globalSetup` of vitest: one server for the whole run, unless TEST_DATABASE_URL names one. */
export async function setup(): Promise<() => Promise<void>> {
  if (process.env["TEST_DATABASE_URL"] !== undefined || process.env[serverVariable] !== undefined) {
    return async () => {};
  }
  const dataDir = mkdtempSync(join(tmpdir(), "ctb-data-test-"));
  chmodSync(dataDir, 0o711);
  const server = await startEmbeddedPostgres({ dataDir, durable: false });
  process.env[serverVariable] = server.url;
  return async () => {
    await server.close();
    rmSync(dataDir, { recursive: true, force: true });
  };
}

/** Creates an empty database on the server of this run. */
export async function createTestDatabase(): Promise<TestDatabase> {
  const server = process.env["TEST_DATABASE_URL"] ?? process.env[serverVariable];
  if (server === undefined)
    throw new Error('Add globalSetup: ["@ctb-data/postgres/testing"] to vitest.config.ts.');
  const name = `ctb_test_${randomBytes(8).toString("hex")}`;
  const admin = async (sql: string): Promise<void> => {
    const client = new Client(server);
    await client.connect();
    await client.query(sql).finally(() => {
      void client.end();
    });
  };
  await admin(`CREATE DATABASE ${name}`);
  const url = new URL(server);
  url.pathname = `/${name}`;
  const drop = async (): Promise<void> => {
    await admin(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
  };
  return { url: url.href, drop, [Symbol.asyncDispose]: drop };
}
