import type { Firestore } from "@ctb-data/firestore";
import type { Keyring } from "@ctb-data/models";
import type { Postgres } from "@ctb-data/postgres";
import type { Registry } from "@ctb-data/registry";
import type { OnPipelineProgress } from "./progress.ts";

/** The opened stores that a run works on. */
export interface PipelineStores {
  readonly registry: Registry;
  readonly postgres: Postgres;
  /** Not needed by an export. */
  readonly firestore?: Firestore | undefined;
  /** Needed for tables with encrypted columns. */
  readonly keyring?: Keyring | undefined;
}

/** The same with both. */
export type BothStores = PipelineStores & { readonly firestore: Firestore };

/** What every long piece of work takes. */
export interface WorkOptions {
  readonly onProgress?: OnPipelineProgress | undefined;
  /** Stops it. What was committed before stays, and the next run goes on from there. */
  readonly signal?: AbortSignal | undefined;
}
