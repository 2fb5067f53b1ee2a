import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { readRegistryFiles } from "@ctb-data/registry";
import { isMissing } from "./is-missing.ts";
import { shownPath } from "./shown-path.ts";

/** A file of a vendor blueprint, named as people are told of it. */
type BlueprintFile = Awaited<ReturnType<typeof readRegistryFiles>>[number];

/**
 * Reads every `*.yml` and `*.yaml` of a folder, sorted by name; none when there is no such folder.
 *
 * @throws {RegistryError} when a file cannot be read.
 */
export async function readBlueprintFiles(
  dir: string,
  signal: AbortSignal,
): Promise<readonly BlueprintFile[]> {
  const names = (await namesIn(dir)).filter((name) => /\.ya?ml$/iu.test(name)).toSorted();
  const files: BlueprintFile[] = [];
  for (const name of names) {
    files.push(...(await readRegistryFiles(shownPath(join(dir, name)), { signal })));
  }
  return files;
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
