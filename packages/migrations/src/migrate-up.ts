import type { Postgres } from "@ctb-data/postgres";
import type { UpOptions, UpResult } from "./run-options.ts";

export async function migrateUp(_db: Postgres, _options: UpOptions): Promise<UpResult> {
  await Promise.reject(new Error("not yet"));
  throw new Error("not yet");
}
