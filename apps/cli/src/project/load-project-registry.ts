import { formatProblem, loadRegistry, type Registry } from "@ctb-data/registry";
import type { CommandContext } from "../command-context.ts";
import { settingPath } from "../config/load-settings.ts";
import type { Settings } from "../config/settings.ts";
import { shownPath } from "./shown-path.ts";

/**
 * Loads the registry that the settings name. Its warnings go to stderr.
 *
 * @throws {RegistryError} as `loadRegistry`.
 */
export async function loadProjectRegistry(
  context: CommandContext,
  settings: Settings,
): Promise<Registry> {
  return await loadRegistryAt(context, settingPath(context.dir, settings.REGISTRY_PATH));
}

/** The same for a path that was given. */
export async function loadRegistryAt(context: CommandContext, path: string): Promise<Registry> {
  return await loadRegistry(shownPath(path), {
    onWarning: (problem) => {
      context.warn(formatProblem(problem));
    },
    signal: context.signal,
  });
}
