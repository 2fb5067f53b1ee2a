import { runMiddle } from "../middle/run-middle.ts";
import { readRun } from "../runs/read-runs.ts";
import type { RunContext } from "./run-pipeline.ts";
import { bothOf, takingOf } from "./share-intake.ts";

/** Validates, and promotes if so wanted: each runner some parts of the documents. */
export async function shareMiddle(
  { stores, options, handle }: RunContext,
  promote: boolean,
): Promise<void> {
  const { middle } = await readRun(stores, handle.id);
  await runMiddle(bothOf(stores), {
    blueprint: takingOf(options),
    work: (step) => handle.work("middle", step),
    promote,
    begunAt: middle?.startedAt,
    batch: options.batch,
    parts: options.parts,
    onProgress: options.onProgress,
    signal: handle.signal,
  });
}
