import { randomBytes } from "node:crypto";
import { Socket } from "node:net";
import { Client } from "pg";
import { type TestServer, testServer } from "./test-server.ts";

/** A database of its own for one test or one test file. */
export interface TestDatabase extends AsyncDisposable {
  readonly url: string;
  readonly name: string;
  /** Cuts off whoever is connected. May be called twice. */
  drop(): Promise<void>;
}

/** First half of the key of the advisory locks; "ctbd". */
const lockClass = 0x63746264;

/** One session per process, which lasts as long as its databases: its lock tells others that they are not leftovers. */
interface Session {
  readonly client: Client;
  /** Of the client. It keeps the process alive only while a statement runs. */
  readonly socket: Socket;
  readonly key: number;
  readonly server: TestServer;
}

let session: Promise<Session> | undefined;
let databases = 0;
let open = 0;

/** Creates an empty database on the server of this test run: an embedded one, or that of `TEST_DATABASE_URL`. */
export async function createTestDatabase(): Promise<TestDatabase> {
  databases += 1;
  open += 1;
  const number = databases;
  session ??= openSession();
  const current = await session;
  const name = `ctb_test_${current.key.toString(16).padStart(8, "0")}_${number}`;
  // Twice as fast where nothing is written through to the disk.
  await execute(
    current,
    `CREATE DATABASE ${name}${current.server.embedded ? " STRATEGY FILE_COPY" : ""}`,
  );
  const url = new URL(current.server.url);
  url.pathname = `/${name}`;
  let dropped: Promise<void> | undefined;
  const drop = async (): Promise<void> => {
    dropped ??= dropDatabase(current, name);
    await dropped;
  };
  return { url: url.href, name, drop, [Symbol.asyncDispose]: drop };
}

/** Drops what test runs left behind that were killed. Those of runs that live, here or on another machine, are kept. */
export async function dropLeftoverDatabases(): Promise<void> {
  const client = new Client(await clientOptions());
  await client.connect();
  try {
    const { rows } = await client.query<{ name: string; key: string }>(
      String.raw`SELECT datname AS name, substring(datname, '^ctb_test_([0-9a-f]{8})_\d+$') AS key FROM pg_database
        WHERE datname ~ '^ctb_test_[0-9a-f]{8}_\d+$'`,
    );
    for (const { name, key } of rows) {
      const lock = [lockClass, Number.parseInt(key, 16)];
      const { rows: free } = await client.query<{ got: boolean }>(
        "SELECT pg_try_advisory_lock($1, $2) AS got",
        lock,
      );
      if (free[0]?.got !== true) continue;
      // One that cannot be dropped (a subscription, a prepared transaction) is no reason for other tests to fail.
      await client.query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`).catch(() => {});
      await client.query("SELECT pg_advisory_unlock($1, $2)", lock);
    }
  } finally {
    await client.end();
  }
}

async function openSession(): Promise<Session> {
  const server = await testServer();
  const socket = new Socket();
  const client = new Client({ ...(await clientOptions()), stream: () => socket });
  const key = randomBytes(4).readUInt32BE() & 0x7fff_ffff;
  await client.connect();
  client.on("error", () => {
    // The server ends before this process does; the next query tells.
  });
  const opened = { client, socket, key, server };
  await execute(opened, `SELECT pg_advisory_lock(${lockClass}, ${key})`);
  return opened;
}

let waiting = 0;
let last: Promise<unknown> = Promise.resolve();

/** One statement after the other: a session can do no more. */
async function execute({ client, socket }: Session, sql: string): Promise<void> {
  waiting += 1;
  socket.ref();
  const query = last.then(async () => await client.query(sql));
  last = query.catch(() => {});
  try {
    await query;
  } finally {
    waiting -= 1;
    if (waiting === 0) socket.unref();
  }
}

async function dropDatabase(current: Session, name: string): Promise<void> {
  await execute(current, `DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
  open -= 1;
  if (open > 0) return;
  session = undefined;
  await current.client.end();
}

async function clientOptions(): Promise<{ connectionString: string; application_name: string }> {
  return { connectionString: (await testServer()).url, application_name: "ctb-data tests" };
}
