import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";

/** A Node.js process of its own that runs a piece of code. */
export interface Program extends AsyncDisposable {
  readonly child: ChildProcess;
  readonly pid: number;
  /** The next line that it prints; an error when it ends before. */
  line(): Promise<string>;
  /** The exit code, or the signal that ended it. */
  ended(): Promise<number | string>;
}

/** How to run it. */
export interface ProgramOptions {
  readonly uid?: number;
  readonly gid?: number;
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Node.js itself, when the user cannot reach the one of this process. */
  readonly node?: string;
}

/** Runs an ES module. What it writes to stderr is in the error when it ends too early. Killed when disposed of. */
export function runProgram(
  code: string,
  { node = process.execPath, env, ...options }: ProgramOptions = {},
): Program {
  const child = spawn(node, ["--input-type=module", "--eval", code], {
    ...options,
    env: { ...process.env, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let said = "";
  child.stderr.on("data", (chunk: Buffer) => {
    said += chunk.toString();
  });
  const ending = once(child, "close");
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
  const ended = async (): Promise<number | string> => {
    await ending;
    return child.exitCode ?? child.signalCode ?? "nothing";
  };
  return {
    child,
    pid: child.pid ?? 0,
    line: async () => {
      const next = await lines.next();
      if (next.done !== true) return next.value;
      throw new Error(`The program ended with ${await ended()}: ${said}`);
    },
    ended,
    [Symbol.asyncDispose]: async () => {
      child.kill("SIGKILL");
      await ending;
    },
  };
}
