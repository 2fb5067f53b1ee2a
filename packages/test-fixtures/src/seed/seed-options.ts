import type { Keyring } from "@ctb-data/models";
import type { Registry } from "@ctb-data/registry";
import type { FixtureOptions } from "../factories/workshop.ts";

/** What seeding tells of itself. */
export type SeedProgress =
  /** How many rows are to be written, once, at the beginning. */
  | { readonly kind: "total"; readonly store: "postgres"; readonly items: number }
  | {
      readonly kind: "count";
      readonly store: "postgres";
      /** The table. */
      readonly name: string;
      /** Rows handed to the server since the last event of this table. */
      readonly items: number;
      /** Of these, as COPY text. */
      readonly bytes: number;
    };

export interface SeedOptions extends Pick<FixtureOptions, "seed" | "locale" | "now"> {
  readonly registry: Registry;
  /** Needed for tables with encrypted columns. */
  readonly keyring?: Keyring | undefined;
  /** How many rows each table gets; a table whose keys do not have so many values gets as many as it can have. Default 1,000. */
  readonly count?: number;
  /** How many rows single tables get: exactly so many. */
  readonly counts?: Readonly<Record<string, number>>;
  /** The tables to fill. Default: all, or those of `counts` when there is no `count`. References of others lead to rows that are there. */
  readonly tables?: readonly string[];
  readonly onProgress?: ((progress: SeedProgress) => void) | undefined;
  /** Stops it: then nothing was written. */
  readonly signal?: AbortSignal | undefined;
}

export interface SeedResult {
  /** In the order in which they were written. */
  readonly tables: readonly { readonly table: string; readonly rows: number }[];
  readonly rows: number;
  /** Of COPY text. */
  readonly bytes: number;
  readonly durationMs: number;
}
