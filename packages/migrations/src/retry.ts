import type { Postgres } from "@ctb-data/postgres";
import type { RunOptions, UpResult } from "./run-options.ts";

export async function retry(
  _db: Postgres,
  _options: RunOptions & { readonly dryRun?: boolean },
): Promise<UpResult> {
  await Promise.reject(new Error("not yet"));
  throw new Error("not yet");
}
