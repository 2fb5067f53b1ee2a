import type { Catalog } from "@ctb-data/postgres";
import type { Finding, FixStrategy } from "../finding.ts";
import type { WorkOptions } from "../work-options.ts";

/** The parts of a check, in the order in which they are reported. */
export const checkParts = ["rows", "references", "keys", "documents", "drift"] as const;

/**
 * `rows`: each row by itself against its columns' rules. `references`: orphans. `keys`: duplicates. `documents`: Firestore's
 * documents, and the two stores against each other. `drift`: the live schema, indexes and security rules.
 */
export type CheckPart = (typeof checkParts)[number];

export interface CheckOptions extends WorkOptions {
  /** Default: all for which there is a store. */
  readonly parts?: readonly CheckPart[] | undefined;
  /** Only these tables, and their documents. Default: all of the registry, and all others of its schema for what the database declares. */
  readonly tables?: readonly string[] | undefined;
  /** Whose statements the findings carry. Default `quarantine`. */
  readonly strategy?: FixStrategy | undefined;
  /** How many sessions read side by side, all of one snapshot. Default 4, and no more than the pool has. */
  readonly connections?: number | undefined;
  /** The server cancels any statement after this time, milliseconds; 0 for never. Default: what the session has. */
  readonly statementTimeoutMs?: number | undefined;
  /** What the database should have: read from an empty database in which `schemaSql(registry)` ran. Without it drift is not looked for in PostgreSQL. */
  readonly expected?: Catalog | undefined;
  /** The project's own files, which are what is deployed. A text that is undefined: the file is not there. */
  readonly firestoreFiles?:
    | { readonly indexes: string | undefined; readonly rules: string | undefined }
    | undefined;
}

/** What was found, at one moment. */
export interface IntegrityReport {
  /** Nothing was found that is an error or a warning. */
  readonly ok: boolean;
  /** When the snapshot of the rows was taken, by the server's clock. Undefined without PostgreSQL. */
  readonly snapshotAt: string | undefined;
  /** The moment at which documents were read. Undefined without Firestore. */
  readonly readTime: string | undefined;
  /** How many were looked at: counted in small tables, the planner's estimate of large ones. */
  readonly rows: number;
  readonly documents: number;
  /** Errors first, then in the order of the registry. */
  readonly findings: readonly Finding[];
  /** What could not be looked at, and why: full sentences. */
  readonly notChecked: readonly string[];
}
