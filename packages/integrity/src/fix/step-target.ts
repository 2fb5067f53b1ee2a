import type { Keyring } from "@ctb-data/models";
import type { Catalog, Connection } from "@ctb-data/postgres";
import type { Registry } from "@ctb-data/registry";
import type { Finding, FixStrategy } from "../finding.ts";
import type { OnIntegrityProgress } from "../progress.ts";
import type { TableScan } from "../rows/row-rule.ts";

/** A finding in PostgreSQL, and the scan that finds its rows; undefined where it is about the schema alone. */
export interface StepTarget {
  readonly finding: Finding;
  readonly scan: TableScan | undefined;
}

/** What all steps of a run share. */
export interface FixSession {
  readonly connection: Connection;
  readonly registry: Registry;
  readonly catalog: Catalog;
  readonly strategy: FixStrategy;
  readonly keyring: Keyring | undefined;
  /** Undefined: a dry run. */
  readonly run: string | undefined;
  readonly lockTimeoutMs: number;
  readonly statementTimeoutMs: number | undefined;
  readonly signal: AbortSignal | undefined;
  readonly onProgress: OnIntegrityProgress | undefined;
  /** Statements that changed the schema in this run: two findings may want the same constraint. */
  readonly changedSchema: Set<string>;
}
