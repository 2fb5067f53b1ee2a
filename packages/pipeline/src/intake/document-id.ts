import { createHash } from "node:crypto";

/**
 * The id of a record's document: 40 hexadecimal digits, which tell nothing of the key, and are spread over all ids, so that no part of the
 * collection gets all writes. The blueprint's version is not in it: a new version finds the same documents.
 */
export function documentIdOf(vendor: string, key: readonly string[]): string {
  const text = JSON.stringify([vendor, ...key]);
  return createHash("sha256").update(text).digest("hex").slice(0, 40);
}
