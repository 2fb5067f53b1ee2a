import { PostgresError, type Postgres, type Queryable } from "@ctb-data/postgres";
import { GrowingPause } from "../runs/persistently.ts";
import { throughFaults, type Patience } from "./passing-fault.ts";

/** By what the server knows this transaction later. @throws {PostgresError} */
export async function transactionIdOf(tx: Queryable): Promise<string> {
  const { rows } = await tx.query<{ readonly id: string }>(
    "SELECT pg_catalog.pg_current_xact_id()::pg_catalog.text AS id",
  );
  return rows[0]?.id ?? "";
}

/** Whether an error leaves it open what became of a transaction: the connection broke during COMMIT. */
export function isCommitUnknown(error: unknown): boolean {
  return error instanceof PostgresError && error.code === "COMMIT_UNKNOWN";
}

/**
 * What became of a transaction whose COMMIT got no answer. Waits until the server has made up its mind.
 *
 * @returns false also where the server does not know it: another one stands in its place.
 * @throws {PostgresError}; {PipelineError} CANCELLED, or the signal's own reason
 */
export async function wasCommitted(
  postgres: Postgres,
  id: string,
  patience: Patience,
): Promise<boolean> {
  const pause = new GrowingPause();
  for (;;) {
    const status = await throughFaults(patience, async () => await statusOf(postgres, id));
    if (status !== "in progress") return status === "committed";
    await pause.wait(patience.signal);
  }
}

async function statusOf(postgres: Postgres, id: string): Promise<string | null | undefined> {
  try {
    const { rows } = await postgres.query<{ readonly status: string | null }>(
      "SELECT pg_catalog.pg_xact_status($1::pg_catalog.xid8) AS status",
      [id],
    );
    return rows[0]?.status;
  } catch (error) {
    // It would be in the future of this server.
    if (error instanceof PostgresError && error.sqlState === "22023") return undefined;
    throw error;
  }
}
