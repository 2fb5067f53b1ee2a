import type { RawAccess, RawWrite } from "@ctb-data/firestore";
import type { IntakeDocument } from "./intake-document.ts";

/** What the marks of a document are to say. */
export interface WantedMarks {
  readonly validated: boolean;
  /** Undefined leaves it as it is, null removes it. */
  readonly promotedTo?: string | null | undefined;
}

/**
 * The write that makes the marks of a document right; undefined when they are. It writes nothing but marks, and fails when the document was
 * changed or deleted since it was read.
 *
 * @param database of the raw access.
 */
export function markWriteOf(
  { database }: Pick<RawAccess, "database">,
  document: Pick<IntakeDocument, "path" | "updateTimeUs" | "marks">,
  wanted: WantedMarks,
): RawWrite | undefined {
  const { path, updateTimeUs, marks } = document;
  const fields: Record<string, object> = {};
  const names: string[] = [];
  if (marks.validated !== wanted.validated) {
    names.push("validated");
    fields["validated"] = { booleanValue: wanted.validated };
  }
  const { promotedTo } = wanted;
  if (promotedTo !== undefined && (marks.promotedTo ?? null) !== promotedTo) {
    names.push("promoted_to");
    if (promotedTo !== null) fields["promoted_to"] = { stringValue: promotedTo };
  }
  if (names.length === 0) return undefined;
  return {
    op: "merge",
    line: JSON.stringify({ name: `${database}/documents/${path}`, fields }),
    fields: names,
    lastUpdateTime: {
      seconds: Math.floor(updateTimeUs / 1_000_000),
      nanoseconds: (updateTimeUs % 1_000_000) * 1000,
    },
  };
}
