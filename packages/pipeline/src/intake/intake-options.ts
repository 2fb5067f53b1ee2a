import type { BlueprintIntake } from "@ctb-data/registry";
import type { PlacedFailure } from "../failure.ts";
import type { WorkOptions } from "../work-options.ts";

/** A blueprint that takes in. */
export interface TakingBlueprint {
  readonly vendor: string;
  readonly version: string;
  readonly intake: BlueprintIntake;
}

export interface IntakeOptions extends WorkOptions {
  readonly blueprint: TakingBlueprint;
  /** `.gz` and `.zst`, or what begins like one, are decompressed. */
  readonly file: string;
  /** Records that cannot become documents at all. Default: `<file>.rejected.ndjson` beside the file; not there when there are none. */
  readonly rejectsFile?: string | undefined;
  /** Reads and compares everything, and writes nothing. */
  readonly dryRun?: boolean | undefined;
  /** About how many records are taken together. Default 500. */
  readonly batch?: number | undefined;
  /** Called now and then with the counts since the last call: when it throws, the intake ends with that error. */
  readonly onWritten?: ((counts: Readonly<Record<string, number>>) => Promise<void>) | undefined;
}

export interface IntakeReport {
  /** Records in the file. */
  readonly read: number;
  readonly created: number;
  /** The vendor has sent something else for this key than before. */
  readonly changed: number;
  /** The same was taken in before; what people changed in the document since stays. */
  readonly unchanged: number;
  /** Records of a key that an earlier line has. Those that say something else are rejected. */
  readonly repeated: number;
  /** Records that became no document: they are in the file of rejects. */
  readonly rejected: number;
  /** Documents with values that `validate` will refuse. */
  readonly doubtful: number;
  readonly bytes: number;
  /** Of the file. */
  readonly sha256: string;
  readonly rejectsFile: string | undefined;
  /** The first 20. */
  readonly firstErrors: readonly PlacedFailure[];
}
