import type { Postgres } from "@ctb-data/postgres";
import type { BaselineOptions, BaselineResult } from "./run-options.ts";

export async function baseline(_db: Postgres, _options: BaselineOptions): Promise<BaselineResult> {
  await Promise.reject(new Error("not yet"));
  throw new Error("not yet");
}
