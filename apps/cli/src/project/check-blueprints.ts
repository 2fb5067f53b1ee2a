import { checkBlueprint, type Problem, type Registry } from "@ctb-data/registry";
import { readBlueprintFiles } from "./blueprint-files.ts";

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
  options: { readonly signal: AbortSignal },
): Promise<CheckedBlueprints> {
  const files = await readBlueprintFiles(dir, options.signal);
  const problems = files.flatMap((file) => checkBlueprint(file, registry).problems);
  return { files: files.length, problems };
}
