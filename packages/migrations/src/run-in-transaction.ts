import { PostgresError } from "@ctb-data/postgres";
import { refuseDataLoss } from "./data-loss.ts";
import { historyFailed, insertHistorySql, type RecordedState } from "./history-table.ts";
import { MigrationError } from "./migration-error.ts";
import { nameOf, rowOf, type MigrationJob } from "./migration-job.ts";
import { keepLockSql } from "./migration-lock.ts";
import type { MigrationSession } from "./migration-session.ts";
import { pauseForLocks } from "./pause-for-locks.ts";
import { readHistory } from "./read-history.ts";
import { resetSessionSql, resetSettingsSql } from "./reset-session.ts";
import { runStatement } from "./run-statement.ts";
import { recordedError, statementFailure } from "./statement-failure.ts";

const defaultLockTimeoutMs = 3000;

/**
 * Runs a whole file and its row of the history in one transaction. When others hold its tables for longer than
 * `lock_timeout`, or in a deadlock, everything is rolled back and tried again after a pause; nothing else is.
 *
 * @throws {MigrationError} STATEMENT_FAILED and the like, after the failure was recorded. A lost connection comes
 * through as it is.
 */
export async function runInTransaction(
  session: MigrationSession,
  job: MigrationJob,
): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    const progress = { at: 0, prefix: 0 };
    try {
      await runOnce(session, job, progress);
      return;
    } catch (error) {
      if (session.connection.lost) throw error;
      await session.connection.query(
        `ROLLBACK; ${resetSettingsSql} ${resetSessionSql(job.parsed.statements)}`,
      );
      // An error behind the COMMIT, in the reset of the session, does not undo it.
      if (progress.at >= job.parsed.statements.length && (await isCommitted(session, job))) return;
      if (!(await pauseForLocks(session, job, { error, attempt }))) {
        throw await recordFailure(session, job, failureOf(error, { job, ...progress }));
      }
    }
  }
}

async function runOnce(
  session: MigrationSession,
  job: MigrationJob,
  progress: { at: number; prefix: number },
): Promise<void> {
  const { connection, options, report } = session;
  const { statements } = job.parsed;
  // BEGIN and the settings travel with the first statement: one round trip less.
  let prefix = beginSql(session, job);
  for (const [at, statement] of statements.entries()) {
    Object.assign(progress, { at, prefix: prefix.length });
    if (job.keepsRows && statement.drops.length > 0) {
      if (prefix !== "") await connection.query(prefix);
      Object.assign(progress, { prefix: 0 });
      prefix = "";
      await refuseDataLoss(connection, { job, statement, lock: true });
    }
    const query = runStatement(connection, prefix + statement.sql, options.signal);
    // Worked out while the server is busy.
    void job.tokenChecksum;
    await query;
    prefix = "";
    report({
      kind: "statement",
      migration: nameOf(job),
      statement: at + 1,
      statements: statements.length,
    });
  }
  Object.assign(progress, { at: statements.length, prefix: 0 });
  await connection.query(commitSql(session, job));
}

function beginSql({ options }: MigrationSession, { parsed }: MigrationJob): string {
  const { lockTimeoutMs = options.lockTimeoutMs ?? defaultLockTimeoutMs } = parsed.header;
  const { statementTimeoutMs = options.statementTimeoutMs } = parsed.header;
  const statementTimeout =
    statementTimeoutMs === undefined ? "" : ` SET LOCAL statement_timeout = ${statementTimeoutMs};`;
  // A comment may stand at the end of its BEGIN.
  return `${parsed.begin ?? "BEGIN"}\n; SET LOCAL lock_timeout = ${lockTimeoutMs};${statementTimeout}\n`;
}

function commitSql({ by }: MigrationSession, job: MigrationJob): string {
  const state: RecordedState = job.direction === "up" ? "applied" : "rolled_back";
  const row = insertHistorySql({
    ...rowOf(job, by),
    state,
    done: job.parsed.statements.length,
    // NULL, which the table refuses, when the file has released the lock and another runner has it now.
    versionSql: `CASE WHEN ${keepLockSql} THEN ${job.version} END`,
  });
  return `${resetSettingsSql} ${row}; COMMIT; ${resetSessionSql(job.parsed.statements)}`;
}

async function isCommitted({ connection }: MigrationSession, job: MigrationJob): Promise<boolean> {
  const { entries } = await readHistory(connection);
  const entry = entries.get(job.version);
  return entry?.run === job.run && entry.state !== "failed";
}

function failureOf(
  error: unknown,
  failed: { job: MigrationJob; at: number; prefix: number },
): MigrationError {
  const { file, statements } = failed.job.parsed;
  if (failed.at < statements.length || !isAboutHistory(error))
    return statementFailure(error, failed);
  if (error.columns?.[0] !== "version") return historyFailed("written", error);
  return new MigrationError(
    "LOCK_LOST",
    `${file} released the runner's lock; nothing of it was committed.`,
    {
      file,
      version: failed.job.version,
      cause: error,
      hint: "Look for pg_advisory_unlock_all or pg_advisory_unlock in the functions that it calls.",
    },
  );
}

/** Whether the row of the history was refused, and not a constraint of the file that is only checked by COMMIT. */
function isAboutHistory(error: unknown): error is PostgresError {
  if (!(error instanceof PostgresError)) return false;
  // 42501: the message alone says what the right is missing for, in any language.
  return error.sqlState === "42501"
    ? /\b(migrations|ctb_data)\b/.test(error.message)
    : error.schema === "ctb_data" && error.table === "migrations";
}

async function recordFailure(
  { connection, by }: MigrationSession,
  job: MigrationJob,
  error: MigrationError,
): Promise<MigrationError> {
  const recorded =
    job.direction === "up" && error.code !== "CANCELLED" && error.code !== "LOCK_LOST";
  if (recorded) {
    const row = insertHistorySql({
      ...rowOf(job, by),
      state: "failed",
      error: recordedError(error),
    });
    // The failure itself is the news; a history that cannot be written would only hide it.
    await connection.query(row).catch(() => undefined);
  }
  return error;
}
