import { checkRegistry, type CheckOptions, type RegistryFile } from "./check-registry.ts";
import type { Problem } from "./problem.ts";
import type { Registry } from "./registry.ts";
import { invalid } from "./registry-error.ts";

export interface LoadOptions extends CheckOptions {
  /** Called with each warning. Without it they are dropped. */
  readonly onWarning?: (problem: Problem) => void;
  readonly signal?: AbortSignal;
}

/** @throws {RegistryError} as `readRegistryFiles`, and `INVALID_REGISTRY` with all `problems`. */
export async function loadRegistry(path: string, options: LoadOptions = {}): Promise<Registry> {
  throw new Error(`to be written ${path} ${String(options.strict)}`);
}

/** @throws {RegistryError} `INVALID_REGISTRY` with all `problems`. */
export function parseRegistry(
  text: string,
  options: LoadOptions & { readonly file?: string } = {},
): Registry {
  const { file = "registry.yml", ...rest } = options;
  const files: readonly RegistryFile[] = [{ file, text }];
  const { registry, problems } = checkRegistry(files, rest);
  if (registry === undefined) throw invalid("INVALID_REGISTRY", "registry", problems);
  return registry;
}
