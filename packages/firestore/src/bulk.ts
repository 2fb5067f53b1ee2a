import type { FirestoreTimestamp } from "@ctb-data/models";
import type { DocumentChanges, DocumentInput, DocumentShape } from "./document-shape.ts";
import type { FirestoreError } from "./firestore-error.ts";
import type { WriteCondition } from "./write-condition.ts";

/** One of many writes. */
export type BulkWrite<Shape extends DocumentShape> =
  | {
      readonly op: "create" | "set";
      readonly id: string;
      readonly data: DocumentInput<Shape["data"]>;
    }
  | ({
      readonly op: "update";
      readonly id: string;
      readonly changes: DocumentChanges<Shape["data"]>;
    } & WriteCondition)
  | {
      readonly op: "merge";
      readonly id: string;
      readonly changes: DocumentChanges<Shape["data"]>;
    }
  | ({ readonly op: "delete"; readonly id: string } & WriteCondition)
  | {
      readonly op: "save";
      readonly row: Shape["row"];
      readonly ownFields?: object;
      readonly replace?: boolean;
    };

/** What became of one write. */
export type BulkResult =
  | {
      readonly ok: true;
      /** Which of the writes, from 0. */
      readonly index: number;
      readonly path: string;
      /** Undefined for a delete: Firestore does not say. */
      readonly writeTime: FirestoreTimestamp | undefined;
    }
  | {
      readonly ok: false;
      readonly index: number;
      /** Undefined when the write does not say which document it is. */
      readonly path: string | undefined;
      readonly error: FirestoreError;
    };

export interface BulkProgress {
  readonly written: number;
  readonly failed: number;
}

export interface BulkOptions {
  /** Called with the result of each write, in the order in which they are done. A promise holds the next ones back. */
  readonly onResult?: (result: BulkResult) => void | Promise<void>;
  /** Called about once per 100 writes. */
  readonly onProgress?: (progress: BulkProgress) => void;
  /** How often a write is tried again that failed for a reason that passes. Default 10. */
  readonly retries?: number;
  /**
   * Writes per second: starts with 500 and grows by half every five minutes up to `max` (10,000), which is what
   * Firestore asks for. False for an emulator, or a database that is warm.
   */
  readonly ramp?: { readonly start?: number; readonly max?: number } | false;
  /** How many writes may be on their way. Default 500. */
  readonly maxPending?: number;
  /** Stops taking writes; those that were taken are still sent, and waited for. */
  readonly signal?: AbortSignal;
}

export interface BulkSummary extends BulkProgress {
  /** The first 100 that failed. */
  readonly failures: readonly Extract<BulkResult, { readonly ok: false }>[];
}
