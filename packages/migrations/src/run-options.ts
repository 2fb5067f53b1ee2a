import type { MigrationErrorCode, MigrationProblem } from "./migration-error.ts";
import type { StatementHazard } from "./migration-file.ts";

/** What every command that writes takes. */
export interface RunOptions {
  /** The folder with the files. */
  readonly dir: string;
  /** The URL that `db` was opened with: a transaction pooler is refused by its host name. */
  readonly url?: string;
  /** How long to wait for another runner, in milliseconds. Default 60,000; 0 does not wait. */
  readonly lockWaitMs?: number;
  /** `lock_timeout` of files that do not say `Lock-Timeout`, in milliseconds. Default 3,000; 600,000 outside of a transaction. */
  readonly lockTimeoutMs?: number;
  /** How often a file is tried when others hold its tables (55P03, 40P01). Default 10. */
  readonly lockAttempts?: number;
  /** `statement_timeout` of files that do not say `Statement-Timeout`, in milliseconds. Default: the session's. */
  readonly statementTimeoutMs?: number;
  /** Who runs it, for the history. Default: the operating system's user and host. */
  readonly by?: string;
  readonly onProgress?: (event: MigrationEvent) => void;
  readonly signal?: AbortSignal;
}

/** What happens, as it happens. */
export type MigrationEvent =
  | { readonly kind: "waiting"; readonly holder: LockHolder | undefined; readonly waitedMs: number }
  | {
      readonly kind: "started";
      readonly direction: Direction;
      readonly migration: MigrationName;
      readonly index: number;
      readonly count: number;
    }
  | {
      readonly kind: "statement";
      readonly migration: MigrationName;
      readonly statement: number;
      readonly statements: number;
    }
  | {
      readonly kind: "retrying";
      readonly migration: MigrationName;
      readonly attempt: number;
      readonly delayMs: number;
      readonly sqlState: string;
    }
  | {
      readonly kind: "notice";
      readonly migration: MigrationName;
      readonly severity: string;
      readonly message: string;
    }
  | { readonly kind: "warning"; readonly problem: MigrationProblem }
  | {
      readonly kind: "finished";
      readonly direction: Direction;
      readonly migration: MigrationName;
      readonly durationMs: number;
    };

export type Direction = "up" | "down";

export interface MigrationName {
  readonly version: number;
  /** The file name without `.sql`: `002_add_blueprints`. */
  readonly name: string;
}

/** The session that holds the lock. */
export interface LockHolder {
  /** `pg_stat_activity.pid`: `SELECT pg_terminate_backend(pid)` ends it. */
  readonly pid: number;
  readonly application: string;
  readonly user: string | null;
  /** Where it connects from; null for a local socket, or when it may not be seen. */
  readonly address: string | null;
  /** When the session began, ISO 8601 in UTC; null when it may not be seen. */
  readonly since: string | null;
  /** What it does: `active`, `idle in transaction` … */
  readonly activity: string | null;
}

export interface UpOptions extends RunOptions {
  /** The last version to apply. Default: all. */
  readonly to?: number;
  /** Only plan: nothing is written. */
  readonly dryRun?: boolean;
  /** Files with a smaller number than an applied one: true for all, or which. Default: none. */
  readonly allowOutOfOrder?: boolean | readonly number[];
  /** Numbers may be missing between pending files. Default false. */
  readonly allowGaps?: boolean;
}

export interface RollbackOptions extends RunOptions {
  /** How many migrations, newest first. Default 1. Not together with `to`. */
  readonly steps?: number;
  /** Rolls back everything above this version; 0 for everything. */
  readonly to?: number;
  /** Lifts every refusal, and records which. Default false. */
  readonly force?: boolean;
  readonly dryRun?: boolean;
}

export interface BaselineOptions extends RunOptions {
  /** The last version that the database already has. */
  readonly to: number;
}

export interface RepairOptions extends RunOptions {
  /** Which one: each is repaired by name. */
  readonly version: number;
}

/** One migration that was run, or in a dry run would be. */
export interface MigrationRun extends MigrationName {
  readonly file: string;
  readonly direction: Direction;
  readonly transaction: boolean;
  /** The statement that a retry starts with, from 1. */
  readonly firstStatement: number;
  readonly statements: readonly PlannedStatement[];
  /** Undefined in a dry run. */
  readonly durationMs?: number;
}

export interface PlannedStatement {
  readonly sql: string;
  readonly line: number;
  readonly hazards: readonly StatementHazard[];
}

export interface UpResult {
  readonly dryRun: boolean;
  /** In the order in which they ran or would run. */
  readonly migrations: readonly MigrationRun[];
  /** How many files are still pending afterwards (with `to`, or after a retry). */
  readonly pending: number;
  readonly warnings: readonly MigrationProblem[];
}

export interface RollbackResult {
  readonly dryRun: boolean;
  readonly migrations: readonly RolledBack[];
  readonly warnings: readonly MigrationProblem[];
}

export interface RolledBack extends MigrationRun {
  /** False when there was no down file: it is only unmarked, the schema was not changed. */
  readonly schemaChanged: boolean;
  /** The refusals that `force` lifted. */
  readonly forced: readonly Refusal[];
}

/** A reason not to roll back. */
export interface Refusal {
  readonly code: MigrationErrorCode;
  readonly message: string;
}

/** The answer of `migrationStatus`. */
export interface MigrationStatus {
  /** By version; files and history together. */
  readonly migrations: readonly MigrationState[];
  readonly pending: number;
  readonly problems: readonly MigrationProblem[];
  /** The session that runs migrations right now. */
  readonly lock: LockHolder | undefined;
  /** False for a database that has no history yet. */
  readonly initialised: boolean;
}

export interface MigrationState extends MigrationName {
  /** Undefined when it is gone. */
  readonly file?: string;
  readonly state:
    | "applied"
    /** Marked as there already. */
    | "baselined"
    | "pending"
    /** The last try failed. With a transaction nothing of it is in the database. */
    | "failed"
    /** The runner was stopped in the middle of a file without a transaction; or it is running right now, when `lock` is set. */
    | "unfinished";
  readonly hasDown: boolean;
  /** Which way it was going, when failed or unfinished. */
  readonly direction?: Direction;
  readonly done?: number;
  readonly total?: number;
  readonly error?: { readonly message: string; readonly sqlState?: string; readonly line?: number };
  /** ISO 8601, UTC. */
  readonly startedAt?: string;
  readonly finishedAt?: string;
  readonly durationMs?: number;
  readonly by?: string;
  readonly toolVersion?: string;
  /** The refusals that were lifted, if it was forced. */
  readonly forced?: readonly string[];
  readonly problems: readonly MigrationProblem[];
}

/** The answer of `verifyMigrations`. */
export interface Verification {
  /** No problem of severity `error`. */
  readonly ok: boolean;
  readonly checked: number;
  readonly problems: readonly MigrationProblem[];
}

export interface BaselineResult {
  /** What was marked. */
  readonly migrations: readonly MigrationName[];
}

export interface RepairResult extends MigrationName {
  /** What was accepted: the file as it is now, its new name, or that it is gone. */
  readonly repaired: readonly ("EDITED" | "COMMENTS_EDITED" | "RENAMED" | "MISSING")[];
}
