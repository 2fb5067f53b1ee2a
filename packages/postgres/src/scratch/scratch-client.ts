import { Socket } from "node:net";
import { type Client, type ClientConfig, type QueryResultRow } from "pg";
import { toPostgresError } from "../classify-error.ts";
import { isPooledHost, parseConnectionUrl, type ConnectionTarget } from "../connection-url.ts";
import { PoolClient } from "../pool-client.ts";
import { PostgresError } from "../postgres-error.ts";
import { tlsOptions } from "../tls-options.ts";

/** One session with a server, outside of any pool. */
export interface ScratchClient {
  readonly lost: boolean;
  /** Resolves when the session is over, whoever has ended it. */
  readonly over: Promise<void>;
  /** @throws {PostgresError} */
  query<Row extends QueryResultRow>(sql: string, params?: readonly unknown[]): Promise<Row[]>;
  /** Whether the session keeps this process alive. */
  hold(held: boolean): void;
  end(): Promise<void>;
}

/**
 * Connects as {@link openPostgres} does.
 *
 * @throws {PostgresError} INVALID_OPTIONS for a pooler too: a lock needs a session.
 */
export async function connectScratchClient(url: string): Promise<ScratchClient> {
  const target = parseConnectionUrl(url);
  if (target.pooled) {
    throw new PostgresError(
      "INVALID_OPTIONS",
      `${target.description} is a transaction pooler: databases for tests need sessions.`,
      { hint: `Use the direct host${directHost(url)}.` },
    );
  }
  const client = await connect(target);
  return over(client, target.description);
}

/** The same URL for another database of that server. */
export function urlOfDatabase(url: string, name: string): string {
  // `user@/database?host=/socket/folder` is common and not a URL by the letter.
  const parsed = URL.parse(url.trim()) ?? new URL(url.trim().replace("@/", "@localhost/"));
  parsed.pathname = `/${encodeURIComponent(name)}`;
  for (const other of ["dbname", "database"])
    if (parsed.searchParams.has(other)) parsed.searchParams.delete(other);
  return parsed.href;
}

function directHost(url: string): string {
  const { pooled, directHost: host } = isPooledHost(url);
  return pooled ? `, ${host}` : "";
}

async function connect(target: ConnectionTarget): Promise<Client> {
  const ssl = tlsOptions(target, undefined);
  try {
    return await tryConnect(target, ssl);
  } catch (error) {
    const optional = target.tls === "prefer";
    if (!optional || !(error instanceof PostgresError) || error.code !== "TLS_FAILED") throw error;
    return await tryConnect(target, false);
  }
}

async function tryConnect(
  target: ConnectionTarget,
  ssl: ReturnType<typeof tlsOptions>,
): Promise<Client> {
  const { host, port, user, database, password = "", description } = target;
  const config: ClientConfig = {
    host,
    port,
    user,
    database,
    password: () => password,
    ssl,
    keepAlive: true,
    client_encoding: "UTF8",
    connectionTimeoutMillis: target.connectTimeoutMs ?? 10_000,
    application_name: "ctb-data tests",
    ...(target.directTls && ssl !== false && { sslnegotiation: "direct" as const }),
    ...(target.options !== undefined && { options: target.options }),
  };
  const client = new PoolClient(config);
  // The query that runs fails with it; one that runs not is told by `lost`.
  client.on("error", () => {});
  try {
    await client.connect();
    return client;
  } catch (error) {
    throw toPostgresError(error, { description, connecting: true });
  }
}

function over(client: Client, description: string): ScratchClient {
  let lost = false;
  const ended = new Promise<void>((resolve) => {
    for (const event of ["error", "end"] as const) {
      client.on(event, () => {
        lost = true;
        resolve();
      });
    }
  });
  return {
    get lost() {
      return lost;
    },
    over: ended,
    query: async <Row extends QueryResultRow>(sql: string, params?: readonly unknown[]) => {
      try {
        return (await client.query<Row>(sql, params === undefined ? undefined : [...params])).rows;
      } catch (error) {
        throw toPostgresError(error, { description });
      }
    },
    hold: (held) => {
      const { stream } = client.connection;
      if (!(stream instanceof Socket)) return;
      if (held) stream.ref();
      else stream.unref();
    },
    end: async () => {
      await client.end().catch(() => {});
    },
  };
}
