import { createHash } from "node:crypto";

/** The root collection in which the failures of all intake collections are. */
export const failureCollection = "validation_failed";

/** One byte less than Firestore takes, so that there is a name behind each. */
const mostBytes = 1499;

/** What the ids of one collection's failures begin with. A colon is encoded in it, so that the first one ends it. */
export function failurePrefixOf(collection: string): string {
  return `${encodeURIComponent(collection)}:`;
}

/**
 * The id of the document that holds the failures of another: `<collection>:<id>`, the collection percent-encoded. Where that is too long for
 * Firestore it is `#` and a hash: no encoded collection begins like that, so no two documents have one id.
 */
export function failureIdOf(collection: string, id: string): string {
  const text = failurePrefixOf(collection) + id;
  if (Buffer.byteLength(text) <= mostBytes) return text;
  return `#${createHash("sha256").update(text).digest("hex")}`;
}
