import type { GeneratedFile } from "./generate-models.ts";

/** A file that differs from what would be generated. */
export interface GeneratedDifference {
  readonly path: string;
  /** `stale`: generated earlier, and no longer part of the output. `foreign`: not generated, and in the way. */
  readonly kind: "missing" | "changed" | "stale" | "foreign";
}

export async function checkGenerated(
  _dir: string,
  _files: readonly GeneratedFile[],
): Promise<readonly GeneratedDifference[]> {
  throw new Error("being built");
}

export async function writeGenerated(
  _dir: string,
  _files: readonly GeneratedFile[],
): Promise<readonly GeneratedDifference[]> {
  throw new Error("being built");
}
