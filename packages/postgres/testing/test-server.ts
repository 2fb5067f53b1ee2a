import { type EmbeddedPostgres, startEmbeddedPostgres } from "../src/embedded.ts";
import { scratchFolder } from "../src/scratch/scratch-folder.ts";
import { serverForTests } from "../src/scratch/shared-server.ts";

/** Where the processes of one test run find the server that the run holds. */
const variable = "CTB_DATA_TEST_SERVER";

/** The server for tests, and whether it is the one that this package starts. */
export interface TestServer {
  /** Of a database to connect to for creating others. */
  readonly url: string;
  readonly embedded: boolean;
}

let joined: Promise<EmbeddedPostgres> | undefined;

/**
 * `TEST_DATABASE_URL`, or an embedded server that all test runs on this checkout share. This process keeps a lease on
 * it; the server ends with the last process.
 */
export async function testServer(): Promise<TestServer> {
  const given = process.env["TEST_DATABASE_URL"];
  if (given !== undefined && given !== "") return { url: given, embedded: false };
  const held = process.env[variable];
  if (held !== undefined) return { url: held, embedded: true };
  joined ??= startEmbeddedPostgres({
    ...serverForTests,
    dataDir: scratchFolder(import.meta.dirname),
  });
  return { url: (await joined).url, embedded: true };
}

/** Starts the server for the processes of a run, which then need not join it one by one. Returns what ends it. */
export async function holdTestServer(): Promise<() => Promise<void>> {
  const { url, embedded } = await testServer();
  if (!embedded || joined === undefined) return async () => {};
  process.env[variable] = url;
  const server = joined;
  return async () => {
    delete process.env[variable];
    joined = undefined;
    await (await server).close();
  };
}
