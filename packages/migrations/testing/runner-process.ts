import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

/** What became of a runner that was a process of its own. */
export interface RunnerOutcome {
  readonly finished: boolean;
  readonly events: number;
  readonly stderr: string;
}

const script = fileURLToPath(new URL("./run-up.ts", import.meta.url));

/** Starts a runner; `kill` says behind which of its events it dies of SIGKILL, and how long after. */
export async function runnerProcess(
  at: { readonly url: string; readonly dir: string },
  kill?: { readonly behindEvent: number; readonly delayMs: number },
): Promise<RunnerOutcome> {
  const child = spawn(process.execPath, ["--conditions=@ctb-data/source", script, at.url, at.dir], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  let stderr = "";
  child.stderr.on("data", (chunk: Buffer) => {
    stderr += chunk.toString();
  });
  let events = 0;
  let finished = false;
  createInterface({ input: child.stdout }).on("line", (line) => {
    if (line === "done") finished = true;
    if (events === kill?.behindEvent) setTimeout(() => child.kill("SIGKILL"), kill.delayMs);
    events += 1;
  });
  await once(child, "close");
  return { finished, events, stderr };
}
