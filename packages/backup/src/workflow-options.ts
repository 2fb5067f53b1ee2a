import type { Firestore } from "@ctb-data/firestore";
import type { Postgres } from "@ctb-data/postgres";
import type { OnBackupProgress } from "./progress.ts";

/** The opened stores that a workflow works on. At least one. */
export interface BackupStores {
  readonly postgres?: Postgres | undefined;
  readonly firestore?: Firestore | undefined;
}

/** What every long piece of work takes. */
export interface WorkOptions {
  readonly onProgress?: OnBackupProgress | undefined;
  /** Stops it. What it had begun is taken back, or left for gc. */
  readonly signal?: AbortSignal | undefined;
  /** The clock. Default: this machine's. */
  readonly now?: (() => Date) | undefined;
}
