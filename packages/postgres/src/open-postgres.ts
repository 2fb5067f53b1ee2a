import type { PoolConfig } from "pg";
import { ConnectionPool } from "./connection-pool.ts";
import { parseConnectionUrl, type ConnectionTarget } from "./connection-url.ts";
import { DatabaseContext } from "./database-context.ts";
import { PooledPostgres } from "./pooled-postgres.ts";
import { PostgresError } from "./postgres-error.ts";
import type { Postgres, PostgresOptions } from "./postgres.ts";
import { tlsOptions } from "./tls-options.ts";
import { TypeParsers } from "./type-parsers.ts";

/**
 * Opens a pool to one database and checks that it answers.
 *
 * @throws {PostgresError} INVALID_OPTIONS, CONNECTION_FAILED, AUTHENTICATION_FAILED, DATABASE_NOT_FOUND or TLS_FAILED.
 */
export async function openPostgres(options: PostgresOptions): Promise<Postgres> {
  const target = parseConnectionUrl(options.url);
  checkNumbers(options);
  const types = new TypeParsers();
  const pool = await connectedPool(target, options, types);
  const context = new DatabaseContext({
    description: target.description,
    registry: options.registry,
    keyring: options.keyring,
    types,
    // Behind a transaction pooler the next statement may meet another session.
    prepare: !target.pooled,
  });
  return new PooledPostgres(pool, context);
}

async function connectedPool(
  target: ConnectionTarget,
  options: PostgresOptions,
  types: TypeParsers,
): Promise<ConnectionPool> {
  const ssl = tlsOptions(target, options.ssl);
  try {
    return await tryPool(target, options, { types, ssl });
  } catch (error) {
    // sslmode=prefer is content with a server that speaks no TLS.
    const optional = options.ssl === undefined && target.tls === "prefer";
    if (!optional || !(error instanceof PostgresError) || error.code !== "TLS_FAILED") throw error;
    return await tryPool(target, options, { types, ssl: false });
  }
}

interface PoolParts {
  readonly types: TypeParsers;
  readonly ssl: ReturnType<typeof tlsOptions>;
}

async function tryPool(
  target: ConnectionTarget,
  options: PostgresOptions,
  { types, ssl }: PoolParts,
): Promise<ConnectionPool> {
  const pool = new ConnectionPool({
    target,
    ssl,
    config: poolConfig(target, options, { types, ssl }),
    retries: options.connectRetries ?? 5,
    sessionSql: sessionSql(target, options.statementTimeoutMs),
    onNotice: options.onNotice,
    onRetry: options.onRetry,
  });
  try {
    (await pool.acquire({ signal: options.signal })).release();
    return pool;
  } catch (error) {
    await pool.close(0);
    throw error;
  }
}

function poolConfig(
  target: ConnectionTarget,
  options: PostgresOptions,
  { types, ssl }: PoolParts,
): PoolConfig {
  const { host, port, user, database, password = "" } = target;
  return {
    host,
    port,
    user,
    database,
    // A function is never printed with the object that it belongs to, and keeps PGPASSWORD and ~/.pgpass out of it.
    password: () => password,
    ssl,
    types,
    client_encoding: "UTF8",
    max: options.poolSize ?? 10,
    idleTimeoutMillis: 30_000,
    allowExitOnIdle: true,
    keepAlive: true,
    connectionTimeoutMillis: options.connectTimeoutMs ?? target.connectTimeoutMs ?? 10_000,
    application_name: options.applicationName ?? target.applicationName ?? "ctb-data",
    ...(target.directTls && ssl !== false && { sslnegotiation: "direct" as const }),
    ...(target.options !== undefined && { options: target.options }),
  };
}

/**
 * What the readers of values rely on. As statements, because poolers refuse unknown parameters at start-up; behind one only
 * those that it keeps per client, because the others would reach whoever gets the connection next.
 */
function sessionSql(target: ConnectionTarget, statementTimeoutMs: number | undefined): string {
  const shown = "SET DateStyle = 'ISO'; SET IntervalStyle = 'postgres'; SET TimeZone = 'UTC'";
  if (target.pooled) return shown;
  const limit =
    statementTimeoutMs === undefined
      ? ""
      : `; SET statement_timeout = ${Math.ceil(statementTimeoutMs)}`;
  return `${shown}; SET bytea_output = 'hex'; SET extra_float_digits = 1${limit}`;
}

function checkNumbers(options: PostgresOptions): void {
  const limits = [
    ["poolSize", options.poolSize, 1, 10_000],
    ["statementTimeoutMs", options.statementTimeoutMs, 0, 2_147_483_647],
    ["connectTimeoutMs", options.connectTimeoutMs, 1, 2_147_483_647],
    ["connectRetries", options.connectRetries, 0, 1000],
  ] as const;
  for (const [name, value, smallest, largest] of limits) {
    if (value === undefined) continue;
    if (!Number.isInteger(value) || value < smallest || value > largest) {
      throw new PostgresError(
        "INVALID_OPTIONS",
        `${name} is not a whole number from ${smallest} to ${largest}.`,
      );
    }
  }
}
