import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import type { RunRecord } from "../src/runs/run-record.ts";
import type { PipelinePlace } from "./pipeline-world.ts";

/** What a runner in a process of its own is to do. */
export interface PipelineTask {
  readonly place: PipelinePlace;
  /** The text of the blueprint. */
  readonly blueprint: string;
  readonly file: string;
  readonly output: string;
  readonly batch: number;
  /** It kills itself with SIGKILL at this moment. Undefined: never. */
  readonly moment?: number | undefined;
}

const script = fileURLToPath(new URL("pipeline-program.ts", import.meta.url));

/** Runs it. Undefined when it was killed; else how many moments the whole has had, and what is kept of it. */
export async function pipelineProcess({
  place: { url, host, project },
  ...task
}: PipelineTask): Promise<{ readonly moments: number; readonly run: RunRecord } | undefined> {
  const text = JSON.stringify({ ...task, place: { url, host, project } });
  const child = spawn(process.execPath, ["--conditions=@ctb-data/source", script, text], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  const said = ["", ""];
  [child.stdout, child.stderr].forEach((stream, index) => {
    stream.on("data", (chunk: Buffer) => {
      said[index] = (said[index] ?? "") + chunk.toString();
    });
  });
  await once(child, "close");
  if (child.signalCode === "SIGKILL") return undefined;
  if (child.exitCode === 0) return JSON.parse(said[0] ?? "");
  throw new Error(`The runner ended with ${child.exitCode}: ${said[1]}`);
}
