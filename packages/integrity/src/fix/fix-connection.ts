import { isPooledHost, PostgresError, type Connection, type Postgres } from "@ctb-data/postgres";
import { IntegrityError, type IntegrityErrorCode } from "../integrity-error.ts";
import { releaseFixLock, takeFixLock } from "./fix-lock.ts";
import { StoppableConnection } from "./stoppable-connection.ts";

/**
 * Lends one session for a fix or an undo, closed afterwards. With `lock` it holds the lock of fixes, on this very session:
 * work and lock end together.
 *
 * @throws {IntegrityError} POOLED_HOST, LOCKED, and whatever `fn` throws: an error of the server as one of this package
 */
export async function withFixConnection<T>(
  postgres: Postgres,
  options: {
    readonly lock: boolean;
    readonly waitMs: number;
    readonly signal?: AbortSignal | undefined;
  },
  fn: (connection: Connection) => Promise<T>,
): Promise<T> {
  refusePooledHost(postgres);
  checkWait(options.waitMs);
  return await asIntegrityErrors(
    async () =>
      await postgres.withConnection(
        async (raw) => {
          const connection = new StoppableConnection(raw, options.signal);
          if (!options.lock) return await fn(connection);
          await takeFixLock(connection, options);
          try {
            return await fn(connection);
          } finally {
            await releaseFixLock(connection);
          }
        },
        // Not the signal: it would leave the session in the middle of a roll-back. Statements stop by it.
        { destroy: true },
      ),
  );
}

/** PostgreSQL keeps time-outs in an int of milliseconds; 0 would be for ever. */
function checkWait(waitMs: number): void {
  if (waitMs >= 1 && waitMs <= 2_147_483_647) return;
  throw new IntegrityError(
    "INVALID_OPTIONS",
    `lockTimeoutMs must be a number from 1 to 2147483647, not ${waitMs}.`,
    { hint: "Nothing was touched. Leave it out for the default." },
  );
}

function refusePooledHost({ description }: Postgres): void {
  const { pooled, directHost } = isPooledHost(`postgres://${description}`);
  if (!pooled) return;
  throw new IntegrityError(
    "POOLED_HOST",
    `${description} is a transaction pooler: locks and temporary tables do not last there.`,
    { hint: `Use the direct host: ${directHost}` },
  );
}

/** Runs `fn`: what it throws of the database's errors is an {@link IntegrityError}. */
export async function asIntegrityErrors<T>(fn: () => Promise<T>, run?: string): Promise<T> {
  try {
    return await fn();
  } catch (error) {
    throw error instanceof PostgresError ? asIntegrityError(error, run) : error;
  }
}

/** An error of the database as one of this package. Nothing of it quotes a value of a row. */
export function asIntegrityError(error: PostgresError, run?: string): IntegrityError {
  return new IntegrityError(codeOf(error), reasonOf(error), {
    cause: error,
    run,
    hint:
      error.hint ?? "What was committed before stays, and can be undone. Run the command again.",
  });
}

function codeOf({ code, sqlState }: PostgresError): IntegrityErrorCode {
  if (code === "CANCELLED") return "CANCELLED";
  if (code === "PERMISSION_DENIED") return "DENIED";
  if (sqlState === "55P03") return "LOCK_TIMEOUT";
  return code === "TIMEOUT" ? "STATEMENT_TIMEOUT" : "DATABASE_FAILED";
}

/** The server's message, but for errors of values: those quote them. */
export function reasonOf({ message, sqlState = "", code }: PostgresError): string {
  return sqlState.startsWith("22") ? `A value does not fit (${code}, ${sqlState}).` : message;
}
