import type { InspectedDocument } from "@ctb-data/firestore";
import type { DocumentProblem } from "./document-subject.ts";
import type { ScannedRow } from "./row-source.ts";

/** A document as it was read. */
export interface ScannedDocument extends InspectedDocument {
  /** As Firestore's REST has it, without its line feed. */
  readonly line: string;
  /** In microseconds since 1970. */
  readonly updateTimeUs: number;
}

/** A document, the row of the same key, or both, and what is wrong with them. */
export interface DocumentCase {
  /** Relative to the database, also of a document that is not there. */
  readonly path: string;
  readonly id: string;
  readonly document: ScannedDocument | undefined;
  readonly row: ScannedRow | undefined;
  readonly problems: readonly DocumentProblem[];
}

/** `updateTimeUs` as Firestore takes it. */
export function updateTimeOf({ updateTimeUs }: { readonly updateTimeUs: number }): {
  readonly seconds: number;
  readonly nanoseconds: number;
} {
  const seconds = Math.floor(updateTimeUs / 1e6);
  return { seconds, nanoseconds: (updateTimeUs - seconds * 1e6) * 1000 };
}
