import type { Queryable } from "@ctb-data/postgres";
import type { StageName, StageRecord } from "./run-record.ts";
import { countsOf, errorsOf, filesOf, parsed } from "./stage-record.ts";
import { workTable } from "./work-tables.ts";

/** Which run, in which table of runs. */
export interface RunKey {
  /** Quoted for SQL. */
  readonly processes: string;
  readonly run: number;
}

/** A part of a stage's work. */
export interface PartRow {
  /** -1 for the plan of its step. */
  readonly part: number;
  readonly state: string;
  readonly position: string | null;
  readonly counts: string;
  readonly errors: string;
  readonly files: string;
  readonly workers: readonly string[];
}

const mostErrors = 20;
const mostWorkers = 100;

/** All parts of a stage, in the order in which its steps were planned. */
export async function readParts(
  db: Queryable,
  { processes, run }: RunKey,
  stage: StageName,
): Promise<readonly PartRow[]> {
  const { rows } = await db.query<PartRow>(
    `SELECT part, state, position, counts::pg_catalog.text AS counts, errors::pg_catalog.text AS errors, files::pg_catalog.text AS files, workers
     FROM ${workTable} WHERE process_table = $1 AND run = $2 AND stage = $3 ORDER BY id`,
    [processes, run, stage],
  );
  return rows;
}

/** A stage's record with what all runners together have done. */
export function withParts(record: StageRecord, parts: readonly PartRow[]): StageRecord {
  const files = parts.flatMap((part) => filesOf(parsed(part.files)));
  const positions = parts.flatMap(({ state, position }) => {
    const text = position === null || state === "done" ? undefined : parsed(position);
    return typeof text === "string" ? [text] : [];
  });
  const workers = [...new Set(parts.flatMap((part) => part.workers))].slice(-mostWorkers);
  const { files: _files, positions: _positions, workers: _workers, ...rest } = record;
  return {
    ...rest,
    counts: sumOf(parts.map(({ counts }) => countsOf(parsed(counts)))),
    ...(files.length > 0 && { files }),
    ...(positions.length > 0 && { positions }),
    firstErrors: parts.flatMap((part) => errorsOf(parsed(part.errors))).slice(0, mostErrors),
    ...(workers.length > 0 && { workers }),
  };
}

/** Counts added up, name by name. */
export function sumOf(
  all: readonly Readonly<Record<string, number>>[],
): Readonly<Record<string, number>> {
  const sums = new Map<string, number>();
  for (const counts of all)
    for (const [name, count] of Object.entries(counts))
      sums.set(name, (sums.get(name) ?? 0) + count);
  return Object.fromEntries(sums);
}

/** Forgets the work of some stages, and with it whoever still thinks that some of it is his. */
export async function forgetWork(
  tx: Queryable,
  { processes, run }: RunKey,
  stages: readonly StageName[],
): Promise<void> {
  await tx.query(
    `DELETE FROM ${workTable} WHERE process_table = $1 AND run = $2 AND stage = ANY ($3::pg_catalog.text[])`,
    [processes, run, stages],
  );
}

/** No part that is not done can be reported or claimed from now on; waits for transactions that have reported. */
export async function closeWork(
  tx: Queryable,
  { processes, run }: RunKey,
  state: "failed" | "cancelled",
): Promise<void> {
  await tx.query(
    `UPDATE ${workTable} SET state = $3, holder = NULL, expires_at = NULL, updated_at = pg_catalog.clock_timestamp()
     WHERE process_table = $1 AND run = $2 AND state IN ('open', 'held')`,
    [processes, run, state],
  );
}

/** The parts that failed or were cancelled can be claimed again. */
export async function reopenWork(tx: Queryable, { processes, run }: RunKey): Promise<void> {
  await tx.query(
    `UPDATE ${workTable} SET state = 'open', holder = NULL, expires_at = NULL, crashes = 0, updated_at = pg_catalog.clock_timestamp()
     WHERE process_table = $1 AND run = $2 AND state <> 'done'`,
    [processes, run],
  );
}
