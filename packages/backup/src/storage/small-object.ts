import { BackupError } from "../backup-error.ts";

/** The most bytes of an object that is put or got in one go. */
export const maxSmallBytes: number = 64 * 1024 ** 2;

/** @throws {BackupError} INVALID_OPTIONS for a body that is too large to be put in one go. */
export function checkSmall(key: string, body: Uint8Array): void {
  if (body.length <= maxSmallBytes) return;
  throw new BackupError(
    "INVALID_OPTIONS",
    `${key} has ${body.length} bytes; small objects have at most ${maxSmallBytes}.`,
    { key },
  );
}
