import { CommanderError } from "commander";
import type { CliError } from "./cli-error.ts";
import { createContext, type Run } from "./command-context.ts";
import { exitCode } from "./exit-code.ts";
import { type Failure, failureOf, interruption, unknownHint } from "./failure.ts";
import { createProgram } from "./program.ts";
import type { Redact } from "./redact.ts";
import { errorDetails, reportFailure } from "./report-failure.ts";
import { createTerminal, type Terminal } from "./terminal/terminal.ts";
import { usageError } from "./usage-error.ts";

/** Runs the command that the arguments of the process name, and sets the exit code. Never throws. */
export async function runCli(process: NodeJS.Process): Promise<void> {
  const args = process.argv.slice(2);
  const flags = flagsOf(args);
  const terminal = createTerminal(process, {
    json: flags.has("--json"),
    color: !flags.has("--no-color"),
    input: !flags.has("--no-input"),
    env: process.env,
  });
  ignoreClosedPipes(process);
  const signal = interruptSignal(process, terminal);
  let redact: Redact = String;
  const fail = (error: unknown): void => {
    process.exitCode = report(error, { terminal, signal, redact, verbose: flags.has("--verbose") });
  };
  process.on("uncaughtException", (error) => {
    fail(error);
    process.exit();
  });
  const program = createProgram(terminal, async (run: Run) => {
    const context = createContext({
      terminal,
      globals: program.opts(),
      cwd: process.cwd(),
      env: process.env,
      signal,
      onSecrets: (redactor) => {
        redact = redactor;
      },
    });
    const result = await run(context);
    process.exitCode = signal.aborted ? exitCode.interrupted : result;
  });
  // An idle connection does not keep a process alive, and a command may be waiting for one to close.
  const awake = setInterval(() => undefined, 60_000);
  try {
    await program.parseAsync(args, { from: "user" });
  } catch (error) {
    const usage = error instanceof CommanderError ? usageError(error, terminal) : { error };
    if (usage !== undefined) {
      fail(usage.error);
    }
  } finally {
    clearInterval(awake);
  }
  // What a command gave up, such as a server that does not answer, is tried again for seconds: nobody waits for that.
  setTimeout(() => {
    if (process.stdout.writableLength + process.stderr.writableLength === 0) process.exit();
  }, 250).unref();
}

/** The flags that decide how everything is printed must be known before the rest is understood, or not. */
function flagsOf(args: readonly string[]): ReadonlySet<string> {
  const end = args.indexOf("--");
  return new Set(end < 0 ? args : args.slice(0, end));
}

/** A reader that leaves (`| head`) ends the output, not the work. */
function ignoreClosedPipes({ stdout, stderr }: NodeJS.Process): void {
  for (const stream of [stdout, stderr]) {
    stream.on("error", (error: NodeJS.ErrnoException) => {
      if (error.code !== "EPIPE" && error.code !== "EIO") {
        throw error;
      }
    });
  }
}

function interruptSignal(process: NodeJS.Process, terminal: Terminal): AbortSignal {
  const interrupt = new AbortController();
  for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    process.on(name, () => {
      if (interrupt.signal.aborted) {
        process.exit(exitCode.interrupted);
      }
      if (terminal.err.isTerminal) {
        terminal.err.line(
          terminal.err.paint("dim", "\nStopping; once more stops at once, without clean-up."),
        );
      }
      interrupt.abort(interruption());
    });
  }
  return interrupt.signal;
}

interface ReportOptions {
  readonly terminal: Terminal;
  readonly signal: AbortSignal;
  readonly redact: Redact;
  readonly verbose: boolean;
}

function report(error: unknown, { terminal, signal, redact, verbose }: ReportOptions): number {
  const failure = signal.aborted ? interrupted(error, signal) : failureOf(error);
  if (verbose) {
    terminal.err.line(redact(errorDetails(error)));
  }
  reportFailure(terminal, {
    ...failure,
    message: redact(failure.message),
    hint: redact(failure.hint),
  });
  return failure.exitCode;
}

/** What a package says about being stopped ("003 was rolled back") is worth more than that it was stopped. */
function interrupted(error: unknown, signal: AbortSignal): Failure {
  const failure = failureOf(error);
  const reason: CliError = signal.reason;
  const stopped = failureOf(reason);
  const told = failure.code === "CANCELLED" ? failure : stopped;
  return {
    ...told,
    hint: told.hint === unknownHint ? stopped.hint : told.hint,
    exitCode: exitCode.interrupted,
  };
}
