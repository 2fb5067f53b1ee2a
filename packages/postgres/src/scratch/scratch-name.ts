import { createHash } from "node:crypto";

/** First half of the key of the advisory locks that say who lives; "ctbd". */
export const ownerLockClass = 0x63746264;

/** First half of the key of the advisory locks under which templates are built; "ctbt". */
export const buildLockClass = 0x63746274;

/** The name of a database that belongs to one process: 19 bytes and a number. */
export function scratchName(owner: number, number: number): string {
  return `ctb_test_${owner.toString(16).padStart(8, "0")}_${number}`;
}

/** What a regular expression of PostgreSQL finds such names by; its group is the owner. */
export const scratchPattern: string = String.raw`^ctb_test_([0-9a-f]{8})_\d+$`;

/** The name of a template by what is in it: 37 bytes. */
export function templateName(content: readonly string[]): string {
  return `ctb_template_${digest(content).subarray(0, 12).toString("hex")}`;
}

export const templatePattern: string = "^ctb_template_[0-9a-f]{24}$";

/** The second half of the key of an advisory lock for a name. */
export function lockKey(name: string): number {
  return digest([name]).readInt32BE();
}

function digest(parts: readonly string[]): Buffer {
  return createHash("sha256").update(JSON.stringify(parts)).digest();
}
