import type { Transaction } from "@ctb-data/postgres";
import { advisoryKey } from "../advisory-key.ts";
import type { RunTables } from "./run-tables.ts";

/** Whoever opens a run of a blueprint does so behind this lock, until its transaction ends. It comes before locks of rows. */
export async function lockBlueprint(
  tx: Transaction,
  tables: RunTables,
  blueprint: number,
): Promise<void> {
  const key = advisoryKey(tables.processes, String(blueprint));
  await tx.query("SELECT pg_catalog.pg_advisory_xact_lock($1)", [key]);
}
