import { hostname, userInfo } from "node:os";
import { isPooledHost, type Connection, type Postgres } from "@ctb-data/postgres";
import { createHistory } from "./history-table.ts";
import { MigrationError } from "./migration-error.ts";
import { releaseLockSql, takeLock } from "./migration-lock.ts";
import { readHistory, type History } from "./read-history.ts";
import type { MigrationEvent, RunOptions } from "./run-options.ts";

/**
 * One session that holds the lock and runs the files. Both on one connection, because then the lock lives exactly as
 * long as the work: when the runner is killed, its server process may go on for minutes with the statement that it was
 * given, or even commit what it has received, and only its end releases the lock. With the lock on a connection of its own the
 * next runner would start beside it.
 */
export interface MigrationSession {
  readonly connection: Connection;
  /** Read after the lock was taken. */
  readonly history: History;
  readonly options: RunOptions;
  /** For the history. */
  readonly by: string;
  readonly report: (event: MigrationEvent) => void;
}

/**
 * Takes the lock, makes the history if there is none, and closes the session afterwards, which releases the lock.
 *
 * @throws {MigrationError} POOLED_HOST, INVALID_OPTIONS, LOCKED, HISTORY_FAILED, and what `fn` throws.
 */
export async function withMigrationSession<T>(
  db: Postgres,
  options: RunOptions,
  fn: (session: MigrationSession) => Promise<T>,
): Promise<T> {
  refusePooledHost(db, options.url);
  checkNumbers(options);
  return await db.withConnection(
    async (connection) => {
      const found = await takeLock(connection, options);
      try {
        if (!found.hasTable) await createHistory(connection, found.hasSchema);
        return await fn({
          connection,
          options,
          history: found.hasTable
            ? await readHistory(connection)
            : { initialised: true, entries: new Map() },
          by: options.by ?? defaultBy(),
          report: (event) => options.onProgress?.(event),
        });
      } finally {
        // Closing releases it too, but a moment after this returns.
        if (!connection.lost) await connection.query(releaseLockSql).catch(() => undefined);
      }
    },
    // Not the signal: it would leave the session in the middle of a roll-back. Statements of files stop by it.
    { destroy: true },
  );
}

/** PostgreSQL keeps time-outs in an int of milliseconds. */
const maxTimeoutMs = 2_147_483_647;

/** Here, because the server would say it of a statement of the file. */
function checkNumbers(options: RunOptions): void {
  const { lockWaitMs, lockTimeoutMs, statementTimeoutMs, lockAttempts } = options;
  checkNumber({ lockWaitMs }, 0, Infinity);
  checkNumber({ lockAttempts }, 1, Infinity);
  checkNumber({ lockTimeoutMs }, 0, maxTimeoutMs);
  checkNumber({ statementTimeoutMs }, 0, maxTimeoutMs);
}

function checkNumber(
  option: Readonly<Record<string, number | undefined>>,
  least: number,
  most: number,
): void {
  for (const [name, value] of Object.entries(option)) {
    if (value === undefined || (value >= least && value <= most)) continue;
    throw new MigrationError(
      "INVALID_OPTIONS",
      `${name} must be a number from ${least} to ${most}, not ${value}.`,
      { hint: "Nothing was touched. Leave it out for the default." },
    );
  }
}

/** @throws {MigrationError} POOLED_HOST, with the host to use instead. */
export function refusePooledHost(db: Postgres, url = `postgres://${db.description}`): void {
  const { pooled, directHost } = isPooledHost(url);
  if (!pooled) return;
  throw new MigrationError(
    "POOLED_HOST",
    `${db.description} is a transaction pooler: the migration lock would be lost between two statements.`,
    { hint: `Use the direct host for migrations: ${directHost}` },
  );
}

function defaultBy(): string {
  return `${userName()}@${hostname()}`;
}

function userName(): string {
  try {
    return userInfo().username;
  } catch {
    // A container may run as a user id that has no name.
    return String(process.getuid?.() ?? "unknown");
  }
}
