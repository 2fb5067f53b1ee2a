import type { Postgres } from "@ctb-data/postgres";
import type { RollbackOptions, RollbackResult } from "./run-options.ts";

export async function rollback(_db: Postgres, _options: RollbackOptions): Promise<RollbackResult> {
  await Promise.reject(new Error("not yet"));
  throw new Error("not yet");
}
