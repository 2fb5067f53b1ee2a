import { PostgresError } from "@ctb-data/postgres";
import { checksumOf } from "./checksum.ts";
import { refuseDataLoss } from "./data-loss.ts";
import { buildSqlOf, dropLeftovers, keptInvalidIndex, recordedBuildSql } from "./drop-leftovers.ts";
import {
  historyFailed,
  historyTable,
  insertHistorySql,
  type BuildSql,
  type RecordedState,
} from "./history-table.ts";
import { MigrationError } from "./migration-error.ts";
import type { MigrationStatement } from "./migration-file.ts";
import { nameOf, rowOf, type MigrationJob } from "./migration-job.ts";
import type { MigrationSession } from "./migration-session.ts";
import { pauseForLocks } from "./pause-for-locks.ts";
import { resetSessionSql, resetSettingsSql } from "./reset-session.ts";
import { runStatement } from "./run-statement.ts";
import { loadSqlParser } from "./sql-parser.ts";
import { recordedError, statementFailure } from "./statement-failure.ts";

const lockTimeoutMs = { bare: 600_000, wrapped: 3000 };

/**
 * Runs a file with `-- Transaction: none`: one statement per call, with a row of the history after each. A statement that can
 * run in a transaction shares one with its row, so that a killed runner cannot leave it done and not noted. For the
 * others the row in front of them says what was there before.
 *
 * @throws {MigrationError} STATEMENT_FAILED and the like, after the failure was recorded. A lost connection comes
 * through as it is.
 */
export async function runStepByStep(session: MigrationSession, job: MigrationJob): Promise<void> {
  const { connection } = session;
  const steps = new Steps(session, job, await statementChecksums(job.parsed.statements));
  let at = job.done;
  try {
    await steps.prepare();
    at = await steps.settleLeftover();
    await steps.start(at);
    for (; at < job.parsed.statements.length; at += 1) await steps.run(at);
    await connection.query(`${resetSettingsSql} ${resetSessionSql(job.parsed.statements)}`);
  } catch (error) {
    if (connection.lost) throw error;
    const failure = statementFailure(error, { job, at });
    await connection.query(`ROLLBACK; ${resetSettingsSql}`);
    // Without the row the history still says "running", which retry understands.
    await connection
      .query(steps.row("failed", at, failure))
      .catch(async () => await connection.query("ROLLBACK"));
    await connection.query(resetSessionSql(job.parsed.statements));
    throw failure;
  }
}

/** What a retry compares, so that it refuses a file whose done statements were edited. Comments do not count. */
export async function statementChecksums(
  statements: readonly MigrationStatement[],
): Promise<readonly string[]> {
  const parser = await loadSqlParser();
  return statements.map(({ sql }) => parser.tokenChecksum(sql) ?? checksumOf(sql));
}

class Steps {
  readonly #session: MigrationSession;
  readonly #job: MigrationJob;
  readonly #checksums: readonly string[];
  readonly #started = new Date().toISOString();
  #hasRow = false;

  constructor(session: MigrationSession, job: MigrationJob, checksums: readonly string[]) {
    this.#session = session;
    this.#job = job;
    this.#checksums = checksums;
  }

  /** The time-outs, and on a retry the settings that the done statements have made. */
  async prepare(): Promise<void> {
    const { options, connection } = this.#session;
    const { header, statements } = this.#job.parsed;
    const lockMs = header.lockTimeoutMs ?? options.lockTimeoutMs ?? lockTimeoutMs.bare;
    const statementMs = header.statementTimeoutMs ?? options.statementTimeoutMs;
    const statementTimeout =
      statementMs === undefined ? "" : ` SET statement_timeout = ${statementMs};`;
    await connection.query(`SET lock_timeout = ${lockMs};${statementTimeout}`);
    for (const statement of statements.slice(0, this.#job.done)) {
      if (isSetting(statement)) await runStatement(connection, statement.sql, options.signal);
    }
  }

  /** Cleans up behind the earlier try. Returns the statement to go on with. */
  async settleLeftover(): Promise<number> {
    const { done, leftover, parsed } = this.#job;
    if (!leftover?.build) return done;
    const made = await dropLeftovers(this.#session.connection, leftover.build);
    const builds = parsed.statements[done]?.builds;
    const isThisOne =
      made &&
      leftover.unknownOutcome &&
      builds?.kind === "create" &&
      builds.index === (leftover.build.index ?? undefined);
    if (!isThisOne) return done;
    this.#report(done);
    return done + 1;
  }

  /** The first row of this run; also its last one when the failed statement was the last and is no longer in the file. */
  async start(at: number): Promise<void> {
    const { connection } = this.#session;
    try {
      await connection.query(this.row(this.#stateWith(at), at));
    } catch (error) {
      throw connection.lost ? error : historyFailed("written", error);
    }
    this.#hasRow = true;
  }

  async run(at: number): Promise<void> {
    const statement = this.#job.parsed.statements[at];
    if (!statement) return;
    if (this.#session.options.signal?.aborted) {
      throw new MigrationError(
        "CANCELLED",
        `Stopped in front of statement ${at + 1} of ${this.#job.parsed.file}.`,
        {
          file: this.#job.parsed.file,
          version: this.#job.version,
          hint: "Go on with ctb-data migrate retry.",
        },
      );
    }
    if (statement.bare) await this.#runBare(statement, at);
    else await this.#runWrapped(statement, at);
    this.#report(at);
  }

  /** The SQL that adds a row with `done` statements done. */
  row(state: RecordedState, done: number, error?: MigrationError): string {
    const { statements } = this.#job.parsed;
    const insert = insertHistorySql({
      ...rowOf(this.#job, this.#session.by),
      state,
      done,
      startedSql: `'${this.#started}'`,
      statementChecksums: this.#checksums.slice(0, done),
      build: state === "failed" ? this.#buildBefore(done) : buildSqlOf(statements[done]),
      ...(error && { error: recordedError(error) }),
    });
    // A file may have taken a role that cannot write the history, or made sessions read only. Not NONE: the connection
    // itself may come with a role, to which the history belongs.
    return `BEGIN READ WRITE; SET LOCAL role TO DEFAULT; ${insert}; COMMIT`;
  }

  /** What there was before the failed statement: it has to be taken from the row in front of it. */
  #buildBefore(done: number): BuildSql | undefined {
    if (!this.#hasRow)
      return this.#job.leftover?.build && recordedBuildSql(this.#job.leftover.build);
    const before = (column: string): string =>
      `(SELECT ${column} FROM ${historyTable} WHERE run = '${this.#job.run}' AND state = 'running' AND done = ${done} ORDER BY id DESC LIMIT 1)`;
    return {
      before: before("indexes_before"),
      table: before("build_table"),
      index: before("build_index"),
    };
  }

  async #runBare(statement: MigrationStatement, at: number): Promise<void> {
    const { connection, options } = this.#session;
    if (this.#job.keepsRows)
      await refuseDataLoss(connection, { job: this.#job, statement, lock: false });
    try {
      await runStatement(connection, statement.sql, options.signal);
    } catch (error) {
      if (
        !(
          at === this.#job.done &&
          this.#job.leftover?.unknownOutcome &&
          isDoneAlready(error, statement)
        )
      )
        throw error;
    }
    await this.#refuseInvalidIndex(statement);
    await connection.query(this.row(this.#stateWith(at + 1), at + 1));
  }

  async #runWrapped(statement: MigrationStatement, at: number): Promise<void> {
    const { connection, options } = this.#session;
    for (let attempt = 1; ; attempt += 1) {
      try {
        await connection.query(`BEGIN READ WRITE; ${this.#wrappedTimeout()}`);
        if (this.#job.keepsRows)
          await refuseDataLoss(connection, { job: this.#job, statement, lock: true });
        await runStatement(connection, statement.sql, options.signal);
        await connection.query(
          this.row(this.#stateWith(at + 1), at + 1).replace("BEGIN READ WRITE; ", ""),
        );
        return;
      } catch (error) {
        if (connection.lost) throw error;
        await connection.query("ROLLBACK");
        if (!(await pauseForLocks(this.#session, this.#job, { error, attempt }))) throw error;
      }
    }
  }

  /** A statement in a transaction of its own gets the short time-out, unless the author has said something else. */
  #wrappedTimeout(): string {
    const { header, statements } = this.#job.parsed;
    const own =
      header.lockTimeoutMs !== undefined ||
      this.#session.options.lockTimeoutMs !== undefined ||
      statements.some((statement) => isSetting(statement) && /lock_timeout/i.test(statement.sql));
    return own ? "" : `SET LOCAL lock_timeout = ${lockTimeoutMs.wrapped}`;
  }

  /** IF NOT EXISTS is content with an index that another failed build has left. */
  async #refuseInvalidIndex(statement: MigrationStatement): Promise<void> {
    const index = await keptInvalidIndex(this.#session.connection, statement);
    if (index === undefined) return;
    const { file } = this.#job.parsed;
    throw new MigrationError(
      "WRONG_STATE",
      `${file}:${statement.line}: the index ${index} was there before and is invalid.`,
      {
        file,
        line: statement.line,
        version: this.#job.version,
        hint: `Another failed build has left it. DROP INDEX CONCURRENTLY ${index}; then ctb-data migrate retry.`,
      },
    );
  }

  #stateWith(done: number): RecordedState {
    if (done < this.#job.parsed.statements.length) return "running";
    return this.#job.direction === "up" ? "applied" : "rolled_back";
  }

  #report(at: number): void {
    const { statements } = this.#job.parsed;
    const event = {
      migration: nameOf(this.#job),
      statement: at + 1,
      statements: statements.length,
    };
    this.#session.report({ kind: "statement", ...event });
  }
}

/** A statement that must be said again in a new session. */
function isSetting({ kind, sql }: MigrationStatement): boolean {
  return kind === "VariableSetStmt" || (kind === "SelectStmt" && /\bset_config\s*\(/i.test(sql));
}

/** What the server answers when a statement without traces was done by the try that was killed. */
const doneAlready: Readonly<Record<string, readonly string[]>> = {
  DropStmt: ["42704"],
  CreatedbStmt: ["42P04"],
  DropdbStmt: ["3D000"],
  CreateTableSpaceStmt: ["42710"],
  DropTableSpaceStmt: ["42704"],
  CreateSubscriptionStmt: ["42710"],
  AlterTableStmt: ["42P01"],
};

function isDoneAlready(error: unknown, { kind }: MigrationStatement): boolean {
  const sqlState = error instanceof PostgresError ? error.sqlState : undefined;
  return sqlState !== undefined && doneAlready[kind]?.includes(sqlState) === true;
}
