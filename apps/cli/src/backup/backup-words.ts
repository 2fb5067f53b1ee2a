import type { CommitRecord } from "@ctb-data/backup";
import { bytesText } from "../terminal/bytes-text.ts";
import { countOf } from "../terminal/count-of.ts";

/** What a backup holds: `12 tables with 1,234 rows, 40 documents; 2.7 GB, 310 MB stored`. */
export function totalsText({ source, totals }: Pick<CommitRecord, "source" | "totals">): string {
  const { tables, rows, documents, plainBytes, storedBytes } = totals;
  const parts = [
    ...(source.postgres === null
      ? []
      : [`${countOf(tables, "table")} with ${countOf(rows, "row")}`]),
    ...(source.firestore === null ? [] : [countOf(documents, "document")]),
  ];
  return `${parts.join(", ")}; ${bytesText(plainBytes)}, ${bytesText(storedBytes)} stored`;
}

/** Where a backup came from: `database app, PostgreSQL 18.4; project my-project`. */
export function sourceText({ postgres, firestore }: CommitRecord["source"]): string {
  const parts = [
    ...(postgres === null
      ? []
      : [`database ${postgres.database}, PostgreSQL ${postgres.serverVersion}`]),
    ...(firestore === null
      ? []
      : [`project ${firestore.projectId}${databaseText(firestore.databaseId)}`]),
  ];
  return parts.join("; ");
}

function databaseText(databaseId: string): string {
  return databaseId === "(default)" ? "" : `/${databaseId}`;
}

/** How far the two snapshots are apart, in a sentence; undefined when there is only one. */
export function skewText({ pairing }: Pick<CommitRecord, "pairing">): string | undefined {
  if (pairing === null) {
    return undefined;
  }
  const { skewMs, changedRows, changedDocuments } = pairing;
  const changed = [changedText(changedRows, "row"), changedText(changedDocuments, "document")];
  return `Firestore was read ${Math.round(skewMs)} ms after PostgreSQL; meanwhile ${changed.join(" and ")} changed.`;
}

function changedText(count: number | null, noun: string): string {
  return count === null ? `an unknown number of ${noun}s` : countOf(count, noun);
}
