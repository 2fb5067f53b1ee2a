import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import type { IntakeReport } from "../src/intake/intake-options.ts";

/** What a process of its own takes in. */
export interface IntakeTask {
  readonly url: string;
  readonly host: string;
  readonly project: string;
  readonly file: string;
  /** It kills itself with SIGKILL at this moment. Undefined: never. */
  readonly moment?: number;
}

const script = fileURLToPath(new URL("intake-program.ts", import.meta.url));

/** Runs it. Undefined when it was killed; else how many moments the whole has. */
export async function intakeProcess(
  task: IntakeTask,
): Promise<{ readonly moments: number; readonly report: IntakeReport } | undefined> {
  const parameters = ["--conditions=@ctb-data/source", script, JSON.stringify(task)];
  const child = spawn(process.execPath, parameters, { stdio: ["ignore", "pipe", "pipe"] });
  let stdout = "";
  let stderr = "";
  child.stdout.on("data", (chunk: Buffer) => void (stdout += chunk.toString()));
  child.stderr.on("data", (chunk: Buffer) => void (stderr += chunk.toString()));
  await once(child, "close");
  if (child.signalCode === "SIGKILL") return undefined;
  if (child.exitCode === 0) return JSON.parse(stdout);
  throw new Error(`The intake ended with ${child.exitCode}: ${stderr}`);
}
