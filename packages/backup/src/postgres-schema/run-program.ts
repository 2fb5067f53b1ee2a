import { spawn } from "node:child_process";
import { once } from "node:events";

/** How a program ended, and what it said. */
export interface ProgramResult {
  readonly stdout: string;
  /** The last 64 KiB. */
  readonly stderr: string;
  /** Null when a signal ended it. */
  readonly code: number | null;
  readonly endedBy: NodeJS.Signals | null;
}

const stderrLimit = 64 * 1024;

/**
 * Runs a program to its end. The result is there when it has ended and everything that it wrote was read: an end of its output alone
 * does not mean that it was done.
 *
 * @throws what `spawn` throws, with `code` ENOENT when there is no such program; the signal's reason when it was aborted.
 */
export async function runProgram(
  program: string,
  args: readonly string[],
  {
    environment = {},
    signal,
  }: {
    readonly environment?: Readonly<Record<string, string>>;
    readonly signal?: AbortSignal | undefined;
  } = {},
): Promise<ProgramResult> {
  signal?.throwIfAborted();
  // Its own variables would be stronger than what the URL leaves out. The rest is only passed on.
  const inherited = Object.entries(process.env).filter(([name]) => !name.startsWith("PG"));
  const child = spawn(program, args, {
    env: { ...Object.fromEntries(inherited), ...environment },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const chunks: Buffer[] = [];
  let stderr = "";
  child.stdout.on("data", (chunk: Buffer) => chunks.push(chunk));
  child.stderr.on("data", (chunk: Buffer) => {
    stderr = `${stderr}${chunk.toString()}`.slice(-stderrLimit);
  });
  const stop = (): void => void child.kill("SIGTERM");
  signal?.addEventListener("abort", stop, { once: true });
  try {
    await once(child, "close");
  } finally {
    signal?.removeEventListener("abort", stop);
  }
  signal?.throwIfAborted();
  const stdout = Buffer.concat(chunks).toString("utf8");
  return { stdout, stderr, code: child.exitCode, endedBy: child.signalCode };
}
