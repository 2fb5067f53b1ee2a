import type { Postgres } from "@ctb-data/postgres";
import type { Verification } from "./run-options.ts";

export async function verifyMigrations(
  _db: Postgres,
  _options: { readonly dir: string; readonly signal?: AbortSignal },
): Promise<Verification> {
  await Promise.reject(new Error("not yet"));
  throw new Error("not yet");
}
