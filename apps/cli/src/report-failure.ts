import { inspect } from "node:util";
import type { Failure } from "./failure.ts";
import type { Terminal } from "./terminal/terminal.ts";

/** Writes a failure to stderr: for a person, or as one JSON line. */
export function reportFailure(terminal: Terminal, failure: Failure): void {
  const { code, message, hint } = failure;
  const { err } = terminal;
  if (terminal.json) {
    err.write(`${JSON.stringify({ error: { code, message, hint } })}\n`);
    return;
  }
  err.line(`${err.paint("red", "error:")} ${message} (${code})`);
  if (hint !== "") {
    err.line(`${err.paint("cyan", "hint:")} ${hint}`);
  }
}

/** Everything that is known about an error, for `--verbose`: its stack and its causes. */
export function errorDetails(error: unknown): string {
  return inspect(error, { depth: 4, breakLength: 100 });
}
