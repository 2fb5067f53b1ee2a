import { type ChildProcess, spawn } from "node:child_process";
import { fileURLToPath } from "node:url";

/** How a run of the command ended. */
export interface CliResult {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface CliOptions {
  readonly cwd: string;
  /** On top of PATH and HOME; nothing else of the test's own environment gets in. */
  readonly env?: Readonly<Record<string, string>>;
}

/** The arguments with which Node runs the command from its source. */
export const cliCommand: readonly string[] = [
  "--conditions=@ctb-data/source",
  fileURLToPath(new URL("../src/main.ts", import.meta.url)),
];

/** Runs `ctb-data` with no terminal and nothing on stdin, and waits for its end. */
export async function runCliProcess(
  args: readonly string[],
  options: CliOptions,
): Promise<CliResult> {
  const child = startCliProcess(args, options);
  return await resultOf(child);
}

/** The same, without waiting: for signals. */
export function startCliProcess(args: readonly string[], { cwd, env }: CliOptions): ChildProcess {
  return spawn(process.execPath, [...cliCommand, ...args], {
    cwd,
    env: cleanEnvironment(env),
    stdio: ["ignore", "pipe", "pipe"],
  });
}

/**
 * Runs `ctb-data` on a pseudo-terminal of `columns`, by `script` of util-linux. What it prints on stdout and stderr comes
 * together, with its escape sequences; `input` is typed at once, or as soon as `when` is on the screen.
 */
export async function runCliOnTerminal(
  args: readonly string[],
  options: CliOptions & {
    readonly columns: number;
    readonly input?: string;
    readonly when?: string;
  },
): Promise<CliResult> {
  const words = [process.execPath, ...cliCommand, ...args].map(
    (word) => `'${word.replaceAll("'", `'\\''`)}'`,
  );
  const command = `stty cols ${options.columns} rows 40; exec ${words.join(" ")}`;
  const child = spawn("script", ["-qec", command, "/dev/null"], {
    cwd: options.cwd,
    env: { TERM: "xterm-256color", SHELL: "/bin/sh", ...cleanEnvironment(options.env) },
    stdio: ["pipe", "pipe", "pipe"],
  });
  const { input, when } = options;
  if (input !== undefined && when === undefined) {
    child.stdin.write(input);
  }
  let shown = "";
  child.stdout.on("data", (text: Buffer) => {
    const before = shown;
    shown += text.toString();
    if (
      input !== undefined &&
      when !== undefined &&
      shown.includes(when) &&
      !before.includes(when)
    ) {
      child.stdin.write(input);
    }
  });
  return await resultOf(child);
}

/** Waits for a process and gives all that it printed. */
export async function resultOf(child: ChildProcess): Promise<CliResult> {
  let stdout = "";
  let stderr = "";
  child.stdout?.setEncoding("utf8").on("data", (text: string) => {
    stdout += text;
  });
  child.stderr?.setEncoding("utf8").on("data", (text: string) => {
    stderr += text;
  });
  return await new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) => {
      resolve({ code, stdout, stderr });
    });
  });
}

function cleanEnvironment(
  env: Readonly<Record<string, string>> = {},
): Readonly<Record<string, string>> {
  const inherited = ["PATH", "HOME", "TMPDIR", "LANG"].flatMap((name) => {
    const value = process.env[name];
    return value === undefined ? [] : [[name, value] as const];
  });
  return { ...Object.fromEntries(inherited), ...env };
}
