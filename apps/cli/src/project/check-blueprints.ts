import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { checkBlueprint, type Problem, readRegistryFiles, type Registry } from "@ctb-data/registry";
import { isMissing } from "./is-missing.ts";
import { shownPath } from "./shown-path.ts";

/** What is wrong with the vendor blueprints of a folder; none when there is no such folder. */
export interface CheckedBlueprints {
  readonly files: number;
  readonly problems: readonly Problem[];
}

/**
 * Checks every `*.yml` and `*.yaml` of a folder against the registry.
 *
 * @throws {RegistryError} when a file cannot be read.
 */
export async function checkBlueprints(
  dir: string,
  registry: Registry,
  options: { readonly strict: boolean; readonly signal: AbortSignal },
): Promise<CheckedBlueprints> {
  const names = (await namesIn(dir)).filter((name) => /\.ya?ml$/iu.test(name)).toSorted();
  const problems: Problem[] = [];
  for (const name of names) {
    const files = await readRegistryFiles(shownPath(join(dir, name)), { signal: options.signal });
    for (const file of files) {
      problems.push(...checkBlueprint(file, registry, { strict: options.strict }).problems);
    }
  }
  return { files: names.length, problems };
}

async function namesIn(dir: string): Promise<readonly string[]> {
  try {
    return await readdir(dir);
  } catch (error) {
    if (isMissing(error)) {
      return [];
    }
    throw error;
  }
}
