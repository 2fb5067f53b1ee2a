import { checkRegistry, type CheckOptions, type RegistryFile } from "./check-registry.ts";
import type { Problem } from "./problem.ts";
import { readRegistryFiles } from "./read-registry-files.ts";
import { invalid } from "./registry-error.ts";
import type { Registry } from "./registry.ts";

export interface LoadOptions extends CheckOptions {
  /** Called with each warning. Without it they are dropped. */
  readonly onWarning?: (problem: Problem) => void;
  readonly signal?: AbortSignal;
}

/**
 * Reads, checks and resolves the registry in a file, or in a folder whose `*.yml` and `*.yaml` are merged.
 *
 * @throws {RegistryError} as `readRegistryFiles` does, and `INVALID_REGISTRY` with all `problems`.
 *
 * @example
 * const registry = await loadRegistry("db/registry");
 * registry.tables.get("clients")?.columns.get("email")?.nullable; // true
 */
export async function loadRegistry(path: string, options: LoadOptions = {}): Promise<Registry> {
  const { signal } = options;
  const files = await readRegistryFiles(path, signal === undefined ? {} : { signal });
  signal?.throwIfAborted();
  return registryOf(files, options);
}

/**
 * Checks and resolves the text of one registry file. `file` is its name in problems.
 *
 * @throws {RegistryError} `INVALID_REGISTRY` with all `problems`.
 */
export function parseRegistry(
  text: string,
  options: Omit<LoadOptions, "signal"> & { readonly file?: string } = {},
): Registry {
  const { file = "registry.yml", ...rest } = options;
  return registryOf([{ file, text }], rest);
}

function registryOf(
  files: readonly RegistryFile[],
  options: Omit<LoadOptions, "signal">,
): Registry {
  const { registry, problems } = checkRegistry(files, options);
  if (registry === undefined) throw invalid("INVALID_REGISTRY", "registry", problems);
  for (const problem of problems) options.onWarning?.(problem);
  return registry;
}
