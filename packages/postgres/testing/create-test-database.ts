import { openScratchServer, type ScratchDatabase, type ScratchServer } from "../src/scratch.ts";
import { testServer } from "./test-server.ts";

/** A database of its own for one test or one test file. */
export type TestDatabase = ScratchDatabase;

let server: Promise<ScratchServer> | undefined;
let open = 0;

/** Creates an empty database on the server of this test run: an embedded one, or that of `TEST_DATABASE_URL`. */
export async function createTestDatabase(): Promise<TestDatabase> {
  open += 1;
  server ??= testServer().then(async ({ url }) => await openScratchServer({ url }));
  const current = await server;
  const database = await current.createDatabase();
  let dropped: Promise<void> | undefined;
  const drop = async (): Promise<void> => {
    dropped ??= database.drop().then(letGo);
    await dropped;
  };
  return { ...database, drop, [Symbol.asyncDispose]: drop };
}

/** The server ends with the last process that uses it. */
async function letGo(): Promise<void> {
  open -= 1;
  if (open > 0) return;
  const last = server;
  server = undefined;
  await (await last)?.close();
}

/** Drops what test runs left behind that were killed. Those of runs that live, here or on another machine, are kept. */
export async function dropLeftoverDatabases(): Promise<void> {
  const { url } = await testServer();
  await using current = await openScratchServer({ url });
  await current.sweep();
}
