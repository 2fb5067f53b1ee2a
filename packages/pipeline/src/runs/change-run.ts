import type { Postgres, Transaction } from "@ctb-data/postgres";
import { databaseError } from "../database-error.ts";
import { PipelineError } from "../pipeline-error.ts";
import { lockRun, type RunRow } from "./run-rows.ts";
import type { RunTables } from "./run-tables.ts";

/** Which run is changed, and what to say when it cannot be. */
export interface RunChange {
  readonly postgres: Postgres;
  readonly tables: RunTables;
  readonly run: number;
  /** `Run 7 could not be cancelled` */
  readonly failure: string;
  /** Done before the row is locked. */
  readonly first?: (tx: Transaction) => Promise<void>;
}

/**
 * Changes a run in a transaction, behind the lock of its row. `change` may be called again, after a serialization failure.
 *
 * @throws {PipelineError} NOT_FOUND, DENIED, DATABASE_FAILED, and what `change` throws
 */
export async function changeRun<T>(
  { postgres, tables, run, failure, first }: RunChange,
  change: (tx: Transaction, row: RunRow) => Promise<T>,
): Promise<T> {
  try {
    return await postgres.transaction(
      async (tx) => {
        await first?.(tx);
        const row = await lockRun(tx, tables, run);
        if (row === undefined) throw noRun(run);
        return await change(tx, row);
      },
      { isolation: "read committed" },
    );
  } catch (error) {
    throw databaseError(error, failure, { run });
  }
}

/** The error for a run that is not there. */
export function noRun(run: number): PipelineError {
  return new PipelineError("NOT_FOUND", `There is no run ${run}.`, {
    run,
    hint: "ctb-data imo status lists the runs.",
  });
}
