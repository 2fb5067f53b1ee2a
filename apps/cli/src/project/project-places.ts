import { basename, dirname, join } from "node:path";
import { settingPath } from "../config/load-settings.ts";
import type { Settings } from "../config/settings.ts";

/** Where the files of a project are: its folder, and what its settings say. */
export interface ProjectPlaces {
  /** Absolute. */
  readonly dir: string;
  readonly settings: Settings;
}

/** The registry's file, or the one that `init` lays into its folder; told apart by the extension. Absolute. */
export function registryFileOf({ dir, settings }: ProjectPlaces): string {
  const path = settingPath(dir, settings.REGISTRY_PATH);
  return /\.ya?ml$/iu.test(basename(path)) ? path : join(path, "clnt_column_registry.yml");
}

/** The folder of the registry. Absolute. */
export function registryFolderOf(places: ProjectPlaces): string {
  return dirname(registryFileOf(places));
}
