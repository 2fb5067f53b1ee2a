import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import type { StorageOptions } from "../src/storage/open-storage.ts";

/** A process that runs `storage-program.ts`. Killed when disposed of. */
export interface StorageProcess extends AsyncDisposable {
  readonly pid: number;
  /** What it has said so far. */
  readonly lines: readonly string[];
  /** Waits until it has said so many lines. An error when it ends before. */
  said(count: number): Promise<readonly string[]>;
  signal(name: NodeJS.Signals): void;
  /** Waits until it has ended. An error when it failed by itself. */
  ended(): Promise<readonly string[]>;
}

/** Starts it. */
export function storageProcess(
  what: string,
  options: StorageOptions,
  { args }: { readonly args: readonly string[] },
): StorageProcess {
  const program = fileURLToPath(new URL("storage-program.ts", import.meta.url));
  const child = spawn(
    process.execPath,
    ["--conditions=@ctb-data/source", program, what, JSON.stringify(options), ...args],
    { stdio: ["ignore", "pipe", "pipe"] },
  );
  let complaint = "";
  child.stderr.on("data", (chunk: Buffer) => (complaint += chunk.toString()));
  const lines: string[] = [];
  const reader = createInterface(child.stdout).on("line", (line) => lines.push(line));
  const closed = Promise.all([once(child, "close"), once(reader, "close")]);
  return {
    pid: child.pid ?? 0,
    lines,
    said: async (count) => {
      while (lines.length < count) {
        await Promise.race([once(reader, "line"), closed]);
        if (lines.length < count && child.exitCode !== null)
          throw new Error(`It ended: ${complaint}`);
      }
      return lines;
    },
    signal: (name) => void child.kill(name),
    ended: async () => {
      await closed;
      if (child.exitCode !== 0 && child.signalCode === null)
        throw new Error(`It failed: ${complaint}`);
      return lines;
    },
    [Symbol.asyncDispose]: async () => {
      child.kill("SIGKILL");
      await closed;
    },
  };
}
