import type { IntakeDocument } from "../documents/intake-document.ts";
import type { AgainEntry } from "./again-table.ts";

/** Some documents that were read, in the order of their positions. */
export interface DocumentBatch {
  readonly documents: readonly IntakeDocument[];
  /** Ids of documents that were to be read and are not there. */
  readonly missing: readonly string[];
  /** What is done when these are settled. */
  readonly entries: readonly AgainEntry[];
  /** How far this batch goes. */
  readonly position: string;
}
