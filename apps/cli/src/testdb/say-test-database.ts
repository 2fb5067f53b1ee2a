import type { Channel } from "../terminal/terminal.ts";
import type { TestVariables } from "./test-variables.ts";

/** Says the variables in a form that can be copied into `.env` or a shell. */
export function sayVariables(out: Channel, { variables, notes }: TestVariables): void {
  out.line();
  for (const note of notes) {
    out.line(out.paint("dim", `# ${note}`));
  }
  for (const [name, value] of Object.entries(variables)) {
    // As one line, however long: to be copied.
    out.write(`${name}=${value}\n`);
  }
  out.line();
}
