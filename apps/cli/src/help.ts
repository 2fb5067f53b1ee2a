import { exitCodeHelp } from "./exit-code.ts";
import type { Terminal } from "./terminal/terminal.ts";

/** What stands below the options in the help of a command: how it is used, and what its exit code means. */
export function helpFooter(terminal: Terminal, ...examples: readonly string[]): string {
  const title = (text: string): string => terminal.out.paint("bold", text);
  return [
    "",
    title(examples.length === 1 ? "Example:" : "Examples:"),
    ...examples.map((example) => `  $ ${example}`),
    "",
    title("Exit codes:"),
    ...exitCodeHelp.map(([code, meaning]) => `  ${String(code).padEnd(4)} ${meaning}`),
  ].join("\n");
}
