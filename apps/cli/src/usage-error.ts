import type { CommanderError } from "commander";
import { CliError } from "./cli-error.ts";
import type { Terminal } from "./terminal/terminal.ts";

/**
 * What commander found wrong with the command line, as an error of ours; undefined when it only showed the help or the version
 * that was asked for.
 */
export function usageError(
  { code, exitCode, message }: CommanderError,
  terminal: Terminal,
): { readonly error: CliError } | undefined {
  if (exitCode === 0) {
    return undefined;
  }
  if (code === "commander.help") {
    // The help itself went to stderr, where it says which commands there are.
    return terminal.json ? { error: missingCommand() } : { error: missingCommand() };
  }
  const suggestion = /\(Did you mean (?<what>.+)\?\)/su.exec(message)?.groups?.["what"];
  const text = message
    .replace(/^error: /u, "")
    .replace(/\n?\(Did you mean .+\?\)/su, "")
    .trim();
  const sentence = `${text.charAt(0).toUpperCase()}${text.slice(1)}`;
  return {
    error: new CliError("USAGE", /[.!?]$/u.test(sentence) ? sentence : `${sentence}.`, {
      hint:
        suggestion === undefined
          ? "Run the command with --help to see what it takes."
          : `Did you mean ${suggestion.replace(/^one of /u, "")}?`,
    }),
  };
}

function missingCommand(): CliError {
  return new CliError("USAGE", "A command is missing.", {
    hint: "Run ctb-data --help to see the commands.",
  });
}
