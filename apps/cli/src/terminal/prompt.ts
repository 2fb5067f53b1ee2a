import { createInterface } from "node:readline/promises";
import { CliError } from "../cli-error.ts";
import type { Terminal } from "./terminal.ts";

/** What is about to happen, and how to say yes to it. */
export interface Confirmation {
  /** "This rolls back 2 migrations …": a full sentence, printed before the question. */
  readonly warning: string;
  readonly question: string;
  /** For the irreversible: what has to be typed instead of `y`. */
  readonly typed?: string;
  /** `--yes` was given. */
  readonly yes: boolean;
  readonly signal: AbortSignal;
}

/**
 * Returns when the user agrees. Asks on a terminal; elsewhere only `--yes` will do.
 *
 * @throws {CliError} CONFIRMATION_NEEDED when nobody can be asked; DECLINED when the answer is no.
 */
export async function confirm(terminal: Terminal, confirmation: Confirmation): Promise<void> {
  if (confirmation.yes) {
    return;
  }
  if (!terminal.canAsk) {
    throw new CliError("CONFIRMATION_NEEDED", `Not confirmed. ${confirmation.warning}`, {
      hint: "Nobody can be asked here: give --yes to go ahead, or --dry-run to see what would happen.",
    });
  }
  terminal.err.line(`${terminal.err.paint("yellow", "!")} ${confirmation.warning}`);
  const expected = confirmation.typed;
  const answer = await ask(
    terminal,
    expected === undefined
      ? `${confirmation.question} [y/N] `
      : `${confirmation.question} Type ${expected} to go ahead: `,
    confirmation.signal,
  );
  const agreed = expected === undefined ? /^y(es)?$/iu.test(answer) : answer === expected;
  if (!agreed) {
    throw new CliError("DECLINED", "You said no; nothing was changed.", {
      hint: "Run it again when you are ready, or with --dry-run to see what would happen.",
    });
  }
}

async function ask(terminal: Terminal, question: string, signal: AbortSignal): Promise<string> {
  const prompt = createInterface({ input: terminal.stdin, output: terminal.err.stream });
  // Ctrl-D closes the input without an answer, and `question` would never settle.
  const closed = new Promise<string>((resolve) => {
    prompt.once("close", () => {
      resolve("");
    });
  });
  // In raw mode the terminal hands Ctrl-C to readline, not to the process.
  prompt.once("SIGINT", () => process.kill(process.pid, "SIGINT"));
  try {
    const answer = await Promise.race([prompt.question(question, { signal }), closed]);
    return answer.trim();
  } finally {
    prompt.close();
  }
}
