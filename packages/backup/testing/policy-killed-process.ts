import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

const script = fileURLToPath(new URL("policy-run-killed.ts", import.meta.url));

/** What is run, where, and before which of its changes it is killed. */
export interface KilledRun {
  readonly work: "prune" | "gc";
  readonly dir: string;
  /** How many changes it makes before it is killed. */
  readonly changes: number;
  readonly now: Date;
}

/** Runs prune or gc in a process of its own that is killed by SIGKILL. True when it was, false when it was done before that. */
export async function killedProcess({ work, dir, changes, now }: KilledRun): Promise<boolean> {
  const parameters = [work, dir, String(changes), now.toISOString()];
  const child = spawn(process.execPath, ["--conditions=@ctb-data/source", script, ...parameters], {
    stdio: ["ignore", "ignore", "pipe"],
  });
  let stderr = "";
  child.stderr.on("data", (chunk: Buffer) => {
    stderr += chunk.toString();
  });
  await once(child, "close");
  if (child.signalCode === "SIGKILL") return true;
  if (child.exitCode === 0) return false;
  throw new Error(`${work} ended with ${child.exitCode}: ${stderr}`);
}
