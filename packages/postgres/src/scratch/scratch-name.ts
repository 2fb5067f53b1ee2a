import { createHash } from "node:crypto";

/** First half of the key of the advisory locks that say who lives; "ctbd". */
export const ownerLockClass = 0x63746264;

/** First half of the key of the advisory locks under which templates are built; "ctbt". */
export const buildLockClass = 0x63746274;

/**
 * The name of a database that belongs to one process: 26 bytes and a number. Its end follows from the rest, so that a database of
 * somebody else, however it is called, is not taken for one that may be dropped.
 */
export function scratchName(owner: number, number: number): string {
  const name = `ctb_test_${owner.toString(16).padStart(8, "0")}_${number}`;
  return `${name}_${endOf(name)}`;
}

/** Whether this package has given the name. */
export function isScratchName(name: string): boolean {
  const end = name.lastIndexOf("_");
  return scratchNames.test(name) && name.slice(end + 1) === endOf(name.slice(0, end));
}

/** What a regular expression of PostgreSQL finds such names by; its group is the owner. */
export const scratchPattern: string = String.raw`^ctb_test_([0-9a-f]{8})_\d+_[0-9a-f]{6}$`;
const scratchNames = new RegExp(scratchPattern, "u");

function endOf(name: string): string {
  return digest([name]).subarray(0, 3).toString("hex");
}

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
