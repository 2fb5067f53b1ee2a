import type { Postgres } from "@ctb-data/postgres";
import type { LockHolder } from "./run-options.ts";

export async function migrationLock(_db: Postgres): Promise<LockHolder | undefined> {
  await Promise.reject(new Error("not yet"));
  throw new Error("not yet");
}
