import { execFile, spawn, type ChildProcess } from "node:child_process";
import { promisify } from "node:util";

const execute = promisify(execFile);

const running = new Set<ProcessGroup>();
process.once("exit", () => {
  for (const group of running) group.kill();
});
process.once("SIGINT", () => {
  process.exit(130);
});

/** A program with all that it starts: a shell script that starts Java is measured and ended with it. */
export class ProcessGroup {
  readonly child: ChildProcess;
  readonly #ended: Promise<void>;
  #errors = "";

  constructor(
    [file, ...args]: readonly [string, ...string[]],
    options: { readonly env: NodeJS.ProcessEnv; readonly ipc?: boolean },
  ) {
    this.child = spawn(file, args, {
      detached: true,
      env: options.env,
      stdio: ["ignore", "ignore", "pipe", ...(options.ipc ? (["ipc"] as const) : [])],
    });
    running.add(this);
    this.child.stderr?.on("data", (chunk: Buffer) => {
      this.#errors = (this.#errors + chunk.toString()).slice(-2000);
    });
    this.#ended = new Promise((resolve) => {
      this.child.once("error", () => {
        resolve();
      });
      this.child.once("close", () => {
        resolve();
      });
    });
  }

  /** Rejects, with what it said last, once the program has ended. */
  async failed(): Promise<never> {
    await this.#ended;
    const lines = this.#errors.split("\n");
    const said = lines.find((line) => line.includes("Error")) ?? lines.findLast(Boolean);
    throw new Error(`It ended: ${said ?? "without a word"}`);
  }

  /** What the processes hold in memory now. */
  async residentMiB(): Promise<number> {
    const { stdout } = await execute("ps", ["-A", "-o", "pgid=,rss="]);
    const sizes = stdout
      .split("\n")
      .map((line) => line.trim().split(/\s+/u).map(Number))
      .filter(([group]) => group === this.child.pid)
      .map(([, kibibytes = 0]) => kibibytes);
    return sizes.reduce((sum, size) => sum + size, 0) / 1024;
  }

  kill(signal: NodeJS.Signals = "SIGKILL"): void {
    try {
      if (this.child.pid !== undefined) process.kill(-this.child.pid, signal);
    } catch {
      // It has ended.
    }
  }

  /** Ends all its processes, those at once that do not end when they are told to. */
  async stop(): Promise<void> {
    this.kill("SIGTERM");
    const timer = setTimeout(() => {
      this.kill();
    }, 3000);
    await this.#ended;
    clearTimeout(timer);
    this.kill();
    running.delete(this);
  }
}
