import { randomUUID } from "node:crypto";
import type { HistoryRow } from "./history-table.ts";
import type { MigrationFile, ParsedMigration } from "./migration-file.ts";
import type { RecordedBuild } from "./read-history.ts";
import type { Direction, MigrationName, MigrationRun, Refusal } from "./run-options.ts";

/** One file to run, up or down, and what the history is to say of it. */
export interface MigrationJob {
  readonly run: string;
  readonly direction: Direction;
  readonly version: number;
  /** As the history has it: `add_blueprints`. */
  readonly name: string;
  readonly parsed: ParsedMigration;
  /** Of the up file, also on the way down. */
  readonly checksum: string | undefined;
  readonly tokenChecksum: string | undefined;
  /** How many statements an earlier try has done. */
  readonly done: number;
  /** What the earlier try may have left behind. */
  readonly leftover?: Leftover | undefined;
  /** Refuse to throw rows away. */
  readonly keepsRows: boolean;
  readonly forced: readonly Refusal[];
}

export interface Leftover {
  readonly build: RecordedBuild | undefined;
  /** The runner was stopped: the statement may have been done all the same. */
  readonly unknownOutcome: boolean;
}

/** The job of applying a file from its start. */
export function upJob(file: MigrationFile, parsed: ParsedMigration): MigrationJob {
  return {
    run: randomUUID(),
    direction: "up",
    version: file.version,
    name: file.name,
    parsed,
    checksum: file.checksum,
    get tokenChecksum() {
      return parsed.tokenChecksum;
    },
    done: 0,
    keepsRows: false,
    forced: [],
  };
}

/** What every row of a job's history has. */
export function rowOf(job: MigrationJob, by: string): Omit<HistoryRow, "state"> {
  return {
    run: job.run,
    version: job.version,
    name: job.name,
    direction: job.direction,
    transactional: job.parsed.header.transaction,
    checksum: job.checksum,
    tokenChecksum: job.tokenChecksum,
    total: job.parsed.statements.length,
    forced: job.forced.map((refusal) => refusal.code),
    by,
  };
}

/** How results and events name it: `002_add_blueprints`. */
export function nameOf(job: MigrationJob): MigrationName {
  return { version: job.version, name: job.parsed.file.replace(/(\.down)?\.sql$/, "") };
}

/** What a result says of a job. */
export function runOf(job: MigrationJob, durationMs?: number): MigrationRun {
  return {
    ...nameOf(job),
    file: job.parsed.file,
    direction: job.direction,
    transaction: job.parsed.header.transaction,
    firstStatement: job.done + 1,
    statements: job.parsed.statements.map(({ sql, line, hazards }) => ({ sql, line, hazards })),
    ...(durationMs !== undefined && { durationMs }),
  };
}
