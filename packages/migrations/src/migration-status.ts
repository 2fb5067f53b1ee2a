import type { Postgres } from "@ctb-data/postgres";
import type { MigrationStatus } from "./run-options.ts";

export async function migrationStatus(
  _db: Postgres,
  _options: { readonly dir: string; readonly signal?: AbortSignal },
): Promise<MigrationStatus> {
  await Promise.reject(new Error("not yet"));
  throw new Error("not yet");
}
