import { PostgresError, type Connection } from "@ctb-data/postgres";
import { IntegrityError, type IntegrityErrorCode } from "../integrity-error.ts";

/** What was being done, for the message: `Reading public.users`. */
export interface RowsWork {
  readonly doing: string;
  /** `schema.table`, quoted. */
  readonly table?: string | undefined;
}

/** The error of a database as this package's. What is none stays what it is. Values that PostgreSQL quotes are left out. */
export function rowsFailure(error: unknown, { doing, table }: RowsWork): unknown {
  if (!(error instanceof PostgresError)) return error;
  const code = codeOf(error);
  return new IntegrityError(code, messageOf(error, code, doing), {
    table,
    hint: hintOf(error, code),
    ...(!quotesValues(error) && { cause: error }),
  });
}

/** Runs `fn`; its errors come as {@link rowsFailure} makes them. */
export async function asRowsWork<T>(work: RowsWork, fn: () => Promise<T>): Promise<T> {
  try {
    return await fn();
  } catch (error) {
    throw rowsFailure(error, work);
  }
}

function codeOf({ code, sqlState }: PostgresError): IntegrityErrorCode {
  if (sqlState === "55P03") return "LOCK_TIMEOUT";
  if (code === "TIMEOUT") return "STATEMENT_TIMEOUT";
  if (code === "CANCELLED") return "CANCELLED";
  return code === "PERMISSION_DENIED" ? "DENIED" : "DATABASE_FAILED";
}

/** Data exceptions and violated constraints name the value, which may be of a column that is not to be shown; so may what functions of users raise. */
function quotesValues({ sqlState = "" }: PostgresError): boolean {
  return ["22", "23", "P0"].includes(sqlState.slice(0, 2));
}

/** Connections, transactions that have to begin anew, resources, interventions: nothing that a row or a function of a user does by itself. */
const ofServer: ReadonlySet<string> = new Set(["08", "40", "53", "57"]);

/**
 * Whether a row, or a function of a user that it was given to, may be what made a statement fail: the session goes on, and without
 * the expression all may be well. A function can raise any error, so that only a statement without it can tell.
 */
export function isOfRow(connection: Connection, error: unknown): error is PostgresError {
  if (!(error instanceof PostgresError) || connection.lost) return false;
  const { sqlState } = error;
  if (sqlState === undefined || sqlState === "55P03") return false;
  return !ofServer.has(sqlState.slice(0, 2));
}

function messageOf(error: PostgresError, code: IntegrityErrorCode, doing: string): string {
  if (code === "CANCELLED") return `${doing} was stopped.`;
  if (code === "STATEMENT_TIMEOUT") return `${doing} took longer than statement_timeout allows.`;
  if (quotesValues(error)) return `${doing} failed: PostgreSQL could not evaluate a value (${error.sqlState}).`; // prettier-ignore
  return `${doing} failed: ${error.message}`;
}

function hintOf(error: PostgresError, code: IntegrityErrorCode): string | undefined {
  if (code === "STATEMENT_TIMEOUT")
    return "Allow more time with statementTimeoutMs (--statement-timeout; 0 for as long as it takes), or check this table alone when little else runs.";
  if (code === "LOCK_TIMEOUT")
    return "Somebody changes this table: wait for that migration, or look into pg_locks for who holds the lock.";
  if (code === "DENIED" && /row-level security/.test(error.message))
    return "Policies would hide rows: check as a user with BYPASSRLS, or as the owner of a table whose security is not forced.";
  if (code === "DENIED")
    return "Check as the owner or a superuser, or grant the role pg_read_all_data to this user.";
  if (error.sqlState === "53200" && /shared memory/.test(error.message))
    return "Too many tables, indexes and partitions are locked at once: raise max_locks_per_transaction, or check fewer tables at a time (tables, --table).";
  if (error.sqlState === "40001")
    return "A read replica ended the query because it had to apply changes: set hot_standby_feedback, raise max_standby_streaming_delay, or check the primary.";
  return error.hint;
}
