import { BackupError } from "../backup-error.ts";
import type { PartRecord } from "./part.ts";

/** The error for a part whose bytes are not those that were written. `why` is a clause. */
export function corruptPart(
  part: Pick<PartRecord, "key">,
  why: string,
  cause?: unknown,
): BackupError {
  return new BackupError("CORRUPT", `${part.key} is not what was written: ${why}.`, {
    key: part.key,
    hint: "Take another copy of this backup, or another backup. `ctb-data backup verify` checks all of its parts.",
    cause,
  });
}
