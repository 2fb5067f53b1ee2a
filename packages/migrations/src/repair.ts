import type { Postgres } from "@ctb-data/postgres";
import type { RepairOptions, RepairResult } from "./run-options.ts";

export async function repair(_db: Postgres, _options: RepairOptions): Promise<RepairResult> {
  await Promise.reject(new Error("not yet"));
  throw new Error("not yet");
}
