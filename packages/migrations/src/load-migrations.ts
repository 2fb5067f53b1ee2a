import type { MigrationProblem } from "./migration-error.ts";
import type { MigrationFile } from "./migration-file.ts";

/** What a folder has. */
export interface LoadedMigrations {
  /** By version. Files with a problem of their own are left out. */
  readonly files: readonly MigrationFile[];
  readonly problems: readonly MigrationProblem[];
}

export async function loadMigrations(_dir: string): Promise<LoadedMigrations> {
  await Promise.reject(new Error("not yet"));
  throw new Error("not yet");
}
