import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

/** What a runner in a process of its own is to do. */
export interface RunnerTask {
  readonly url: string;
  readonly parts: number;
  /** Rows of each part, every one in a transaction of its own. */
  readonly rows: number;
  /** It begins when so many are in the run. */
  readonly runners: number;
  readonly leaseMs: number;
  /** Between two rows. */
  readonly pauseMs: number;
  /** It stops itself, as with Ctrl-Z, in the transaction of its first row, before the report; or its clock goes back all the time. */
  readonly fault?: "stop" | "wrong clock";
}

/** A process that works at a run. */
export interface RunnerProcess {
  readonly child: ChildProcess;
  readonly pid: number;
  /** How it ended: an exit code or a signal, and what it printed. */
  readonly ended: Promise<{
    readonly how: number | string;
    readonly stdout: string;
    readonly stderr: string;
  }>;
}

const script = fileURLToPath(new URL("runner-program.ts", import.meta.url));

/** Starts it. */
export function runnerProcess(task: RunnerTask): RunnerProcess {
  const child = spawn(
    process.execPath,
    ["--conditions=@ctb-data/source", script, JSON.stringify(task)],
    { stdio: ["ignore", "pipe", "pipe"] },
  );
  let stdout = "";
  let stderr = "";
  child.stdout.on("data", (chunk: Buffer) => {
    stdout += chunk.toString();
  });
  child.stderr.on("data", (chunk: Buffer) => {
    stderr += chunk.toString();
  });
  const ended = once(child, "close").then(() => ({
    how: child.exitCode ?? child.signalCode ?? "nothing",
    stdout,
    stderr,
  }));
  return { child, pid: child.pid ?? 0, ended };
}
