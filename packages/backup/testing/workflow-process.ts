import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { z } from "zod";

const runSchema = z.object({
  work: z.enum(["create", "restore"]),
  url: z.string(),
  firestoreHost: z.string(),
  project: z.string(),
  dir: z.string(),
  id: z.string(),
  recipient: z.string(),
  identity: z.string(),
  signingKey: z.string(),
  /** How many steps it makes before it is killed: operations of the storage, and what it tells of its progress. */
  steps: z.number().int(),
});

/** What a process of its own is to do, and when it dies. */
export type WorkflowRun = Readonly<z.infer<typeof runSchema>>;

export function parseWorkflowRun(text: string): WorkflowRun {
  return runSchema.parse(JSON.parse(text));
}

const script = fileURLToPath(new URL("workflow-program.ts", import.meta.url));

/** Runs a workflow in a process of its own. Undefined when it was killed; else how many steps the whole has. */
export async function workflowProcess(run: WorkflowRun): Promise<number | undefined> {
  const parameters = ["--conditions=@ctb-data/source", script, JSON.stringify(run)];
  const child = spawn(process.execPath, parameters, { stdio: ["ignore", "pipe", "pipe"] });
  let stdout = "";
  let stderr = "";
  child.stdout.on("data", (chunk: Buffer) => {
    stdout += chunk.toString();
  });
  child.stderr.on("data", (chunk: Buffer) => {
    stderr += chunk.toString();
  });
  await once(child, "close");
  if (child.signalCode === "SIGKILL") return undefined;
  if (child.exitCode === 0) return Number(stdout);
  throw new Error(`${run.work} ended with ${child.exitCode}: ${stderr}`);
}
