import { PostgresError } from "@ctb-data/postgres";
import { MigrationError, type MigrationErrorCode } from "./migration-error.ts";
import type { MigrationJob } from "./migration-job.ts";
import { needsNoTransaction } from "./parse-migration.ts";

export interface FailedAt {
  readonly job: MigrationJob;
  /** The statement's place in the file, from 0; the number of statements for the COMMIT. */
  readonly at: number;
  /** How many characters were sent in front of the statement. */
  readonly prefix?: number;
}

/** The error of a file whose statement the server refused: with file:line, SQLSTATE, statement n of m and the way on. */
export function statementFailure(error: unknown, failed: FailedAt): MigrationError {
  if (error instanceof MigrationError) return error;
  const known = error instanceof PostgresError ? error : undefined;
  const { job, at } = failed;
  const { statements, file, header } = job.parsed;
  const line = lineOf(failed, known?.position);
  const sqlState = known?.sqlState;
  if (header.transaction && (sqlState === "25001" || sqlState === "55P04")) {
    const what =
      sqlState === "55P04" ? "using an enum value that the same file adds" : known?.message;
    return needsNoTransaction(
      { file, line, what: what?.replace(/ cannot (run|be executed) .*/s, "") ?? "" },
      { cause: error, sqlState },
    );
  }
  const what = at >= statements.length ? "COMMIT" : `statement ${at + 1} of ${statements.length}`;
  const state = sqlState === undefined ? "" : `, SQLSTATE ${sqlState}`;
  const reason = known?.message ?? (error instanceof Error ? error.message : String(error));
  const dependents =
    sqlState === "2BP01" && known?.detail ? ` ${known.detail.replaceAll("\n", "; ")}` : "";
  return new MigrationError(
    codeOf(known),
    `${file}:${line}: ${reason}${dependents} (${what}${state})`,
    {
      file,
      line,
      cause: error,
      version: job.version,
      statement: Math.min(at + 1, statements.length),
      statements: statements.length,
      sqlState,
      hint: hintFor(job, at, known),
    },
  );
}

/** Positions of the server count characters from 1. */
function lineOf({ job, at, prefix = 0 }: FailedAt, position: number | undefined): number {
  const { statements } = job.parsed;
  const statement = statements[Math.min(at, statements.length - 1)];
  if (!statement) return 1;
  if (position === undefined || at >= statements.length) return statement.line;
  let line = statement.line;
  let left = position - 1 - prefix;
  for (const character of statement.sql) {
    if (left <= 0) break;
    left -= 1;
    if (character === "\n") line += 1;
  }
  return line;
}

function codeOf(error: PostgresError | undefined): MigrationErrorCode {
  if (error?.code === "CANCELLED") return "CANCELLED";
  if (error?.sqlState === "55P03") return "LOCK_TIMEOUT";
  return error?.sqlState === "2D000" ? "TRANSACTION_STATEMENT" : "STATEMENT_FAILED";
}

const hintBySqlState: Readonly<Record<string, string>> = {
  "55P03":
    "Somebody else uses the table for a long time: look for old transactions in pg_stat_activity (xact_start), or raise -- Lock-Timeout.",
  "57014": "Raise -- Statement-Timeout in the header of the file.",
  "2D000":
    "A function or procedure of this file commits by itself: move its call to a file with -- Transaction: none.",
  "42P07":
    "When another tool has built this database, mark what is there: ctb-data migrate baseline.",
};

/** Of a migration that stopped in its middle, the way back finds only a part. */
const ifExists =
  " When the migration was never finished, DROP … IF EXISTS takes back what there is of it.";

function hintFor(job: MigrationJob, at: number, error: PostgresError | undefined): string {
  const way = job.direction === "up" ? "up" : "rollback";
  const isFileRight = error?.code === "CANCELLED" || error?.sqlState === "55P03";
  if (job.parsed.header.transaction) {
    const next = isFileRight ? "Run" : "Correct it and run";
    return `Nothing of ${job.parsed.file} was done. ${next} ctb-data migrate ${way} again.${reasonOf(way, error)}`;
  }
  const next = isFileRight ? "Go on" : "Correct the file and go on";
  const back = job.direction === "up" ? " Or undo it: ctb-data migrate rollback." : "";
  return `${doneBefore(at)}. ${next} with ctb-data migrate retry.${back}${reasonOf(way, error)}`;
}

function doneBefore(at: number): string {
  if (at === 0) return "Nothing was done before it";
  return at === 1 ? "Statement 1 is done and stays" : `Statements 1 to ${at} are done and stay`;
}

function reasonOf(way: "up" | "rollback", error: PostgresError | undefined): string {
  if (error === undefined || error.code === "CANCELLED") return "";
  const { sqlState = "" } = error;
  if (way === "rollback" && /^42(704|P01)$/.test(sqlState)) return ifExists;
  const known = hintBySqlState[sqlState];
  return known === undefined ? "" : ` ${known}`;
}

/** What the history keeps of a failure. */
export function recordedError(error: MigrationError): {
  readonly message: string;
  readonly sqlState: string | undefined;
  readonly line: number | undefined;
} {
  return { message: error.message, sqlState: error.sqlState, line: error.line };
}
