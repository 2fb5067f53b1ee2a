import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

/** A Node.js process of its own that runs a file. */
export interface Program extends AsyncDisposable {
  readonly child: ChildProcess;
  readonly pid: number;
  /** What it has printed so far, line by line. */
  readonly lines: readonly string[];
  /** The next line that it prints; an error when it ends before. */
  line(): Promise<string>;
  /** The exit code, or the signal that ended it, once all that it printed was read. */
  ended(): Promise<number | string>;
}

/** How to run it. */
export interface ProgramOptions {
  /** Files may not be longer than so many blocks, of 512 or 1024 bytes depending on the shell. */
  readonly fileBlocks?: number;
}

/** What it writes to stderr is in the error when it ends too early. Killed when disposed of. */
export function runProgram(
  script: URL,
  args: readonly string[],
  { fileBlocks }: ProgramOptions = {},
): Program {
  const node = [process.execPath, fileURLToPath(script), ...args];
  const command =
    fileBlocks === undefined
      ? node
      : ["sh", "-c", `ulimit -f ${fileBlocks}; exec "$@"`, "sh", ...node];
  const [name = "", ...rest] = command;
  const child = spawn(name, rest, { stdio: ["ignore", "pipe", "pipe"] });
  let said = "";
  child.stderr.on("data", (chunk: Buffer) => {
    said += chunk.toString();
  });
  const lines: string[] = [];
  let read = 0;
  const reader = createInterface(child.stdout).on("line", (line) => lines.push(line));
  const ending = Promise.all([once(child, "close"), once(reader, "close")]);
  const ended = async (): Promise<number | string> => {
    await ending;
    return child.exitCode ?? child.signalCode ?? "nothing";
  };
  return {
    child,
    pid: child.pid ?? 0,
    lines,
    line: async () => {
      while (lines.length <= read) {
        await Promise.race([once(reader, "line"), ending]);
        if (lines.length <= read && child.exitCode !== null) {
          throw new Error(`The program ended with ${await ended()}: ${said}`);
        }
      }
      read += 1;
      return lines[read - 1] ?? "";
    },
    ended,
    [Symbol.asyncDispose]: async () => {
      child.kill("SIGKILL");
      await ending;
    },
  };
}
