import { quoteLiteral, type Connection, PostgresError } from "@ctb-data/postgres";
import { MigrationError } from "./migration-error.ts";
import type { Direction } from "./run-options.ts";
import { toolVersion } from "./tool-version.ts";

/** Where the history is. Rows are only ever added; the newest one of a version is its state. */
export const historyTable = "ctb_data.migrations";

/** What a row of the history says happened. */
export type RecordedState =
  /** A file without a transaction: `done` statements are done, the next one may be running. */
  | "running"
  | "failed"
  | "applied"
  /** It was there already: another tool built it. */
  | "baselined"
  /** It is applied, and its file as it is now is accepted. */
  | "repaired"
  | "rolled_back"
  /** Not applied any more as far as the history goes; the schema was not changed. */
  | "unmarked"
  /** It is applied, but its file is gone for good. */
  | "forgotten";

/** One row to add. Times are the server's. */
export interface HistoryRow {
  /** One per run of a file: what a lost connection has done is found by it. */
  readonly run: string;
  readonly version: number;
  readonly name: string;
  readonly direction: Direction;
  readonly state: RecordedState;
  readonly transactional: boolean;
  readonly checksum?: string | undefined;
  readonly tokenChecksum?: string | undefined;
  readonly done?: number;
  readonly total?: number | undefined;
  readonly statementChecksums?: readonly string[];
  /** What the next statement may leave behind, as SQL expressions. */
  readonly build?: BuildSql | undefined;
  readonly error?: {
    readonly message: string;
    readonly sqlState?: string | undefined;
    readonly line?: number | undefined;
  };
  readonly by: string;
  readonly forced?: readonly string[];
  /** SQL for when it began. Default: the transaction's start. */
  readonly startedSql?: string;
  /** SQL for the version, when the insert itself must check something. */
  readonly versionSql?: string;
}

/** Which indexes there are before a concurrent build: what is new and invalid afterwards, the build has left. */
export interface BuildSql {
  /** An `oid[]`. */
  readonly before: string;
  /** The `oid` of the table; 0 for any. */
  readonly table: string;
  /** A `text`, NULL when the server chooses the name. */
  readonly index: string;
}

const createTable = `CREATE TABLE ${historyTable} (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  run uuid NOT NULL,
  version bigint NOT NULL,
  name text NOT NULL,
  direction text NOT NULL CHECK (direction IN ('up', 'down')),
  state text NOT NULL,
  transactional boolean NOT NULL,
  checksum text,
  token_checksum text,
  done integer NOT NULL,
  total integer,
  statement_checksums text[] NOT NULL,
  build_table oid,
  build_index text,
  indexes_before oid[],
  error text,
  sqlstate text,
  line integer,
  started_at timestamptz NOT NULL,
  finished_at timestamptz NOT NULL,
  applied_by text NOT NULL,
  database_user text NOT NULL DEFAULT SESSION_USER,
  tool_version text NOT NULL,
  forced text[] NOT NULL
);
COMMENT ON TABLE ${historyTable} IS 'What ctb-data migrate has done, format 1. Rows are only added: the newest of a version is its state.';`;

/**
 * Makes schema and table. Only under the lock: two sessions that CREATE … IF NOT EXISTS at once may both fail.
 *
 * @throws {MigrationError} HISTORY_FAILED
 */
export async function createHistory(connection: Connection, hasSchema: boolean): Promise<void> {
  // IF NOT EXISTS would ask for the right to create schemas even when there is nothing to create.
  const sql = `BEGIN;\n${hasSchema ? "" : "CREATE SCHEMA ctb_data;\n"}${createTable}\nCOMMIT;`;
  try {
    await connection.query(sql);
  } catch (error) {
    if (connection.lost) throw error;
    await connection.query("ROLLBACK");
    throw historyFailed("made", error);
  }
}

/** The error for a history that cannot be made, read or written. */
export function historyFailed(what: string, cause: unknown): MigrationError {
  const { message, sqlState } =
    cause instanceof PostgresError ? cause : { message: String(cause), sqlState: undefined };
  return new MigrationError(
    "HISTORY_FAILED",
    `The history ${historyTable} could not be ${what}: ${message}`,
    {
      cause,
      sqlState,
      hint:
        sqlState === "42501"
          ? "Run it as a user that may create the schema ctb_data and write the tables in it, or let an administrator run CREATE SCHEMA ctb_data AUTHORIZATION <user>."
          : "Nothing was changed. See the message of the server.",
    },
  );
}

/** The INSERT of one row, with its values in it: it is sent together with other statements. */
export function insertHistorySql(row: HistoryRow): string {
  const { build, error } = row;
  const values = {
    run: text(row.run),
    version: row.versionSql ?? String(row.version),
    name: text(row.name),
    direction: text(row.direction),
    state: text(row.state),
    transactional: String(row.transactional),
    checksum: text(row.checksum),
    token_checksum: text(row.tokenChecksum),
    done: String(row.done ?? 0),
    total: row.total === undefined ? "NULL" : String(row.total),
    statement_checksums: textArray(row.statementChecksums ?? []),
    build_table: build?.table ?? "NULL",
    build_index: build?.index ?? "NULL",
    indexes_before: build?.before ?? "NULL",
    error: text(error?.message),
    sqlstate: text(error?.sqlState),
    line: error?.line === undefined ? "NULL" : String(error.line),
    started_at: row.startedSql ?? "pg_catalog.now()",
    finished_at: "pg_catalog.clock_timestamp()",
    applied_by: text(row.by),
    tool_version: text(toolVersion()),
    forced: textArray(row.forced ?? []),
  };
  return `INSERT INTO ${historyTable} (${Object.keys(values).join(", ")}) VALUES (${Object.values(values).join(", ")})`;
}

/** NUL cannot be sent, and a server message or a user's name may hold anything. */
function text(value: string | undefined): string {
  return value === undefined ? "NULL" : quoteLiteral(value.replaceAll("\0", "�"));
}

function textArray(values: readonly string[]): string {
  return values.length === 0 ? "'{}'" : `ARRAY[${values.map((value) => text(value)).join(", ")}]`;
}
