import { createHash } from "node:crypto";

/** The key of an advisory lock for a purpose. PostgreSQL itself keeps the keys of different databases apart. */
export function advisoryKey(...purpose: readonly string[]): bigint {
  return createHash("sha256")
    .update(JSON.stringify(["ctb-data imo", ...purpose]))
    .digest()
    .readBigInt64BE();
}
