import { dropLeftoverDatabases } from "./create-test-database.ts";
import { holdTestServer } from "./test-server.ts";

export { createTestDatabase, type TestDatabase } from "./create-test-database.ts";
export { startTcpProxy, type TcpProxy } from "./tcp-proxy.ts";

/**
 * Holds one server for a whole test run. In a vitest.config.ts: `test: { globalSetup: ["@ctb-data/postgres/testing"] }`.
 * Returns the teardown.
 */
export async function setup(): Promise<() => Promise<void>> {
  const release = await holdTestServer();
  await dropLeftoverDatabases();
  return release;
}
