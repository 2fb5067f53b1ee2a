import { BackupError } from "../backup-error.ts";

/** A number of hours or days that may be waited for. @throws {BackupError} INVALID_OPTIONS */
export function checkHours(name: string, value: number): number {
  if (value >= 1 && value <= 100_000) return value;
  throw new BackupError("INVALID_OPTIONS", `${name} is ${value}.`, {
    hint: "Give a number from 1 to 100000: what is younger may still be in use.",
  });
}
