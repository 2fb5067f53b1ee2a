import { randomBytes } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import type { QueryResultRow } from "pg";
import { isConnectionLost } from "../classify-error.ts";
import { connectScratchClient, type ScratchClient } from "./scratch-client.ts";
import { ownerLockClass } from "./scratch-name.ts";

/** What is known of the server from its own words. */
export interface ServerFacts {
  /** As in `18.4`. */
  readonly version: string;
  readonly versionNumber: number;
  readonly user: string;
  readonly superuser: boolean;
  /** Nothing is brought to the disk: copying files is faster there than writing them to the log. */
  readonly unsafe: boolean;
}

type Lane = "now" | "later";

/**
 * The one session of a process that makes and drops databases. It holds a lock, by which other processes see that the owner of
 * its databases lives. One statement after the other: what is asked for now goes before what is prepared for later. An idle
 * session does not keep the process alive. When it breaks, it is opened again under the same lock, at once or by the next statement.
 */
export class AdminSession {
  readonly url: string;
  readonly owner: number = randomBytes(4).readUInt32BE() & 0x7fff_ffff;
  #client: ScratchClient | undefined;
  #facts: ServerFacts = {
    version: "",
    versionNumber: 0,
    user: "",
    superuser: false,
    unsafe: false,
  };
  readonly #waiting: Readonly<Record<Lane, (() => Promise<void>)[]>> = { now: [], later: [] };
  #busy = false;
  #databases = 0;

  private constructor(url: string) {
    this.url = url;
  }

  /** @throws {PostgresError} as connecting does. */
  static async open(url: string): Promise<AdminSession> {
    const session = new AdminSession(url);
    await session.inTurn(async () => {});
    return session;
  }

  /** The number of the next database of this process. */
  nextNumber(): number {
    this.#databases += 1;
    return this.#databases;
  }

  /** Of the server that was reached last. */
  get facts(): ServerFacts {
    return this.#facts;
  }

  /** Runs one statement. @throws {PostgresError} */
  async run<Row extends QueryResultRow>(sql: string, lane: Lane = "now"): Promise<readonly Row[]> {
    return await this.inTurn(async (client) => await client.query<Row>(sql), lane);
  }

  /** Runs `fn` alone on the session. @throws {PostgresError} CONNECTION_FAILED, when it cannot be opened again. */
  async inTurn<T>(fn: (client: ScratchClient) => Promise<T>, lane: Lane = "now"): Promise<T> {
    return await new Promise<T>((resolve, reject) => {
      this.#waiting[lane].push(async () => {
        try {
          resolve(await fn(await this.#connected()));
        } catch (error) {
          reject(error instanceof Error ? error : new Error(String(error)));
        }
      });
      void this.#work();
    });
  }

  /** The locks go with it: what is left of its databases may be swept by others. */
  async close(): Promise<void> {
    const client = this.#client;
    this.#client = undefined;
    await client?.end();
  }

  async #work(): Promise<void> {
    if (this.#busy) return;
    this.#busy = true;
    this.#client?.hold(true);
    for (;;) {
      const next = this.#waiting.now.shift() ?? this.#waiting.later.shift();
      if (next === undefined) break;
      await next();
    }
    this.#client?.hold(false);
    this.#busy = false;
  }

  async #connected(): Promise<ScratchClient> {
    if (this.#client?.lost === false) return this.#client;
    const client = await connectScratchClient(this.url);
    try {
      await client.query(sessionSettings);
      this.#facts = await readFacts(client);
      await client.query(`SELECT pg_advisory_lock(${ownerLockClass}, ${this.owner})`);
      if (this.#facts.unsafe) await prepareForCopies(client, this.#facts);
    } catch (error) {
      await client.end();
      throw error;
    }
    this.#client = client;
    void client.over.then(async () => await this.#comeBack(client));
    return client;
  }

  /** Without its lock, the databases of this process look like those of a dead one. */
  async #comeBack(lost: ScratchClient): Promise<void> {
    for (const delayMs of comeBackAfterMs) {
      await sleep(delayMs, undefined, { ref: false });
      if (this.#client !== lost) return;
      try {
        return await this.inTurn(async () => {}, "later");
      } catch {
        // Whoever wants something of the server hears of it.
      }
    }
  }
}

/** When a broken session is opened again, if nobody needs it before: from one attempt to the next. */
const comeBackAfterMs = [0, 250, 1000, 5000] as const;

/** Of a role may be set anything; of a machine that is gone the server learns in a minute. */
const sessionSettings = `SET statement_timeout = 0; SET lock_timeout = 0; SET default_transaction_read_only = off;
  SET tcp_keepalives_idle = 30; SET tcp_keepalives_interval = 10; SET tcp_keepalives_count = 3;
  SET client_min_messages = error;
  SELECT CASE WHEN current_setting('idle_session_timeout', true) IS NOT NULL
    THEN set_config('idle_session_timeout', '0', false) END`;

async function readFacts(client: ScratchClient): Promise<ServerFacts> {
  const [facts] = await client.query<{
    version: string;
    number: string;
    user: string;
    superuser: string;
    fsync: string;
  }>(
    `SELECT current_setting('server_version') AS version, current_setting('server_version_num') AS number,
      current_user AS user, current_setting('is_superuser') AS superuser, current_setting('fsync') AS fsync`,
  );
  return {
    version: facts?.version ?? "",
    versionNumber: Number(facts?.number),
    user: facts?.user ?? "",
    superuser: facts?.superuser === "on",
    unsafe: facts?.fsync === "off",
  };
}

/** Lets the kernel copy files, and share their blocks where the file system can: from PostgreSQL 18, and not on every system. */
async function prepareForCopies(client: ScratchClient, facts: ServerFacts): Promise<void> {
  if (facts.versionNumber < 180_000) return;
  await client.query("SET file_copy_method = clone").catch((error: unknown) => {
    if (isConnectionLost(error)) throw error;
  });
}
