import { existsSync, lstatSync, mkdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { type EmbeddedPostgres, startEmbeddedPostgres } from "../src/embedded.ts";

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
    dataDir: cacheFolder(),
    durable: false,
    // Every test file of every package may have a pool open at the same moment.
    settings: { max_connections: "400" },
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

/** Below node_modules of the workspace, or in the temporary folder when that belongs to another user. */
function cacheFolder(): string {
  const uid = process.getuid?.() ?? "user";
  let root = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(root, "pnpm-workspace.yaml")) && root !== dirname(root))
    root = dirname(root);
  const inside = join(root, "node_modules", ".cache", "ctb-data", `test-postgres-${uid}`);
  try {
    mkdirSync(inside, { recursive: true });
    if (lstatSync(inside).uid === uid || process.getuid === undefined) return inside;
  } catch {
    // Not ours to write.
  }
  return join(tmpdir(), `ctb-data-test-postgres-${uid}`);
}
