import { randomBytes } from "node:crypto";

/** Crockford's base 32, in lower case: no letter looks like a digit. */
const alphabet = "0123456789abcdefghjkmnpqrstvwxyz";
const pattern = /^(\d{4}-\d{2}-\d{2})T(\d{2})-(\d{2})-(\d{2})Z-([0-9a-hjkmnp-tv-z]{8})$/u;

/** A new id: the second at which the backup began, UTC, and 40 random bits: `2026-11-22T02-00-00Z-k3v9d0x7`. They sort by time. */
export function newBackupId(startedAt: Date): string {
  const second = startedAt.toISOString().slice(0, 19).replaceAll(":", "-");
  const random = [...randomBytes(8)].map((byte) => alphabet.charAt(byte % 32)).join("");
  return `${second}Z-${random}`;
}

/** True for a text that {@link newBackupId} can have made: nothing else becomes a part of a key. */
export function isBackupId(text: string): boolean {
  return startOfBackupId(text) !== undefined;
}

/** When the backup of this id began, by the clock of who made it; undefined when it is no id. */
export function startOfBackupId(id: string): Date | undefined {
  const [, day, hour, minute, second] = pattern.exec(id) ?? [];
  if (day === undefined) return undefined;
  const start = new Date(`${day}T${hour}:${minute}:${second}Z`);
  return Number.isNaN(start.getTime()) ? undefined : start;
}
