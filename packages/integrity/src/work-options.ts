import type { Firestore } from "@ctb-data/firestore";
import type { Keyring } from "@ctb-data/models";
import type { Postgres } from "@ctb-data/postgres";
import type { Registry } from "@ctb-data/registry";
import type { OnIntegrityProgress } from "./progress.ts";

/** The opened stores that a workflow works on. At least one. */
export interface IntegrityStores {
  readonly registry: Registry;
  readonly postgres?: Postgres | undefined;
  readonly firestore?: Firestore | undefined;
  /** Needed to look into encrypted columns; without it only the form of their values is checked. */
  readonly keyring?: Keyring | undefined;
}

/** What every long piece of work takes. */
export interface WorkOptions {
  readonly onProgress?: OnIntegrityProgress | undefined;
  /** Stops it. What was committed before stays and can be undone. */
  readonly signal?: AbortSignal | undefined;
}
