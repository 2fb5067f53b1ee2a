import { format } from "node:util";
import { afterEach, beforeEach } from "vitest";

const methods = ["debug", "error", "info", "log", "warn"] as const;
type Printer = (typeof methods)[number];

let printed: string[] = [];
const original = new Map<Printer, typeof console.log>();

/** A test that prints hides what it checks, or a library that talks behind its user's back. Both fail. */
beforeEach(() => {
  printed = [];
  for (const method of methods) {
    original.set(method, console[method]);
    console[method] = (...values: unknown[]) => {
      printed.push(`console.${method}: ${format(...values)}`);
    };
  }
});

afterEach(() => {
  for (const [method, print] of original) {
    console[method] = print;
  }
  if (printed.length > 0) {
    throw new Error(`The test printed:\n${printed.join("\n")}`);
  }
});
