import type { IntakeDocument } from "../documents/intake-document.ts";

/** Some documents that were read, in the order of their positions. */
export interface DocumentBatch {
  readonly documents: readonly IntakeDocument[];
  /** Ids of documents that were to be read and are not there. */
  readonly missing: readonly string[];
  /** How far this batch goes. */
  readonly position: string;
}
