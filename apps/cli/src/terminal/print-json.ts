import type { Terminal } from "./terminal.ts";

declare global {
  interface JSON {
    // ES2025; in Node since 21, and not yet in the library that TypeScript has for es2023.
    rawJSON(text: string): object;
  }
}

/** Writes the one JSON document of a command to stdout. A bigint is a number there, with all its digits. */
export function printJson(terminal: Terminal, value: unknown): void {
  const indent = terminal.out.isTerminal ? 2 : undefined;
  terminal.out.write(`${JSON.stringify(value, replaceBigint, indent)}\n`);
}

function replaceBigint(_key: string, value: unknown): unknown {
  if (typeof value === "bigint") {
    return JSON.rawJSON(value.toString());
  }
  return value instanceof Map ? Object.fromEntries(value) : value;
}
