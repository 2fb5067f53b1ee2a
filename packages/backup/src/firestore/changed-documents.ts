import type { FirestoreManifest } from "../archive/firestore-manifest.ts";
import { BackupError } from "../backup-error.ts";

const keptExamples = 20;

/** Counts documents that were changed after a moment, up to the read time. */
export class ChangeCount {
  readonly #afterUs: number | undefined;
  readonly #examples: string[] = [];
  #count = 0;

  /**
   * @param since the other moment, by a clock that need not be Firestore's. Without it nothing is counted.
   * @param marginMs how far the two clocks may be apart.
   * @throws {BackupError} INVALID_OPTIONS
   */
  constructor(since: string | Date | undefined, marginMs: number) {
    if (since === undefined) return;
    const sinceMs = typeof since === "string" ? Date.parse(since) : since.getTime();
    if (Number.isNaN(sinceMs) || !(marginMs >= 0))
      throw new BackupError(
        "INVALID_OPTIONS",
        "changedSince is not a time, or its margin is none.",
      );
    this.#afterUs = (sinceMs - marginMs) * 1000;
  }

  add(path: string, updateTimeUs: number): void {
    if (this.#afterUs === undefined || updateTimeUs <= this.#afterUs) return;
    this.#count += 1;
    if (this.#examples.length < keptExamples) this.#examples.push(path);
  }

  result(): FirestoreManifest["changed"] {
    if (this.#afterUs === undefined)
      return { count: null, examples: [], why: "There is no other moment to compare with." };
    return {
      count: this.#count,
      examples: this.#examples.toSorted(),
      why: "Documents that were deleted in between cannot be seen.",
    };
  }
}
