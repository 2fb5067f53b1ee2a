import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { paint, say } from "./console.ts";

/** How the command line is run: the real program, in a process of its own. */
export interface CtbDataProcess {
  /** The project's folder. */
  readonly dir: string;
  readonly signal: AbortSignal;
  /** Variables on top of what a clean environment has. */
  readonly env?: Readonly<Record<string, string>>;
}

/** Run, not imported: nothing imports from `apps/`. */
const main = fileURLToPath(new URL("../../../apps/cli/src/main.ts", import.meta.url));

/**
 * Runs `ctb-data` with these arguments on the terminal that the demo has.
 *
 * @throws {Error} when it ends with another exit code than `expected`.
 */
export async function ctbData(
  { dir, signal, env }: CtbDataProcess,
  args: readonly string[],
  expected = 0,
): Promise<void> {
  signal.throwIfAborted();
  say(paint("cyan", `$ ctb-data ${args.join(" ")}`));
  const child = spawn(process.execPath, ["--conditions=@ctb-data/source", main, ...args], {
    cwd: dir,
    env: { ...environment(dir), ...env },
    stdio: ["ignore", "inherit", "inherit"],
  });
  const stop = (): void => {
    child.kill("SIGINT");
  };
  // A terminal has sent Ctrl-C to both already; `kill` has not. A second one would skip the clean-up.
  if (!process.stdin.isTTY) {
    signal.addEventListener("abort", stop);
  }
  const ended: readonly unknown[] = await once(child, "exit");
  signal.removeEventListener("abort", stop);
  signal.throwIfAborted();
  const [code, killedBy] = ended;
  if (code !== expected) {
    throw new Error(
      `ctb-data ${args[0] ?? ""} ended with ${String(code ?? killedBy)}, not ${expected}.`,
    );
  }
}

/** Nothing that this machine has set for another project gets in: no DATABASE_URL, no NODE_ENV. */
function environment(dir: string): Readonly<Record<string, string>> {
  const names = [
    "PATH",
    "HOME",
    "TMPDIR",
    "TEMP",
    "TMP",
    "LANG",
    "LC_ALL",
    "SystemRoot",
    "USER",
  ].concat(["TERM", "COLORTERM", "NO_COLOR", "FORCE_COLOR"]);
  const inherited = names.flatMap((name) => {
    const value = process.env[name];
    return value === undefined ? [] : [[name, value] as const];
  });
  // Compiled code is kept between the runs, and goes with the folder.
  return {
    ...Object.fromEntries(inherited),
    NODE_COMPILE_CACHE: join(dir, ".ctb-data", "compiled"),
  };
}
