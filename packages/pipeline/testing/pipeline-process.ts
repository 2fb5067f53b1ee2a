import type { RunRecord } from "../src/runs/run-record.ts";
import { killableProcess } from "./killable-process.ts";
import type { PipelinePlace } from "./pipeline-world.ts";

/** What a runner in a process of its own is to do. */
export interface PipelineTask {
  readonly place: PipelinePlace;
  /** The text of the blueprint. */
  readonly blueprint: string;
  readonly file: string;
  readonly output: string;
  readonly batch: number;
  /** It kills itself with SIGKILL at this moment, of all or of those of one name. Undefined: never. */
  readonly moment?: number | undefined;
  readonly momentName?: string | undefined;
}

/** Runs it. Undefined when it was killed; else how many moments the whole has had, and what is kept of it. */
export async function pipelineProcess({
  place: { url, host, project },
  ...task
}: PipelineTask): Promise<{ readonly moments: number; readonly run: RunRecord } | undefined> {
  const place: PipelinePlace = { url, host, project };
  const said = await killableProcess(new URL("pipeline-program.ts", import.meta.url), [
    { ...task, place },
  ]);
  return said === undefined ? undefined : JSON.parse(said);
}
