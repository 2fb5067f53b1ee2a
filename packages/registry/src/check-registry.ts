import type { Problem } from "./problem.ts";
import type { Registry } from "./registry.ts";

/** The text of a registry or blueprint file. */
export interface RegistryFile {
  /** Named in problems. */
  readonly file: string;
  readonly text: string;
}

export interface CheckOptions {
  /** Keys that are unknown and not close to a known one are errors too, not only warnings. */
  readonly strict?: boolean;
}

/** All that is wrong with a registry, and the registry itself when nothing is. */
export interface CheckedRegistry {
  /** Undefined when there is an error among the problems. */
  readonly registry?: Registry;
  readonly problems: readonly Problem[];
}

/** Checks and resolves a registry that is spread over `files`, which are merged. Pure; never throws. */
export function checkRegistry(
  files: readonly RegistryFile[],
  options: CheckOptions = {},
): CheckedRegistry {
  throw new Error(`to be written ${files.length} ${String(options.strict)}`);
}
