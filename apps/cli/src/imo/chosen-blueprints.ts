import type { PipelineStep, StoredBlueprint } from "@ctb-data/pipeline";
import type { VendorBlueprint } from "@ctb-data/registry";
import type { CommandContext } from "../command-context.ts";
import { settingPath } from "../config/load-settings.ts";
import { readBlueprintFiles } from "../project/blueprint-files.ts";
import { shownPath } from "../project/shown-path.ts";
import { type ChosenBlueprint, chooseBlueprint, type Direction } from "./choose-blueprint.ts";
import type { ImoProject, ImoStores } from "./open-imo-stores.ts";

/** The flags that say which blueprint is meant. */
export interface BlueprintFlags {
  readonly registry?: string | undefined;
  readonly vendor?: string | undefined;
  /** The id of a row of `blueprints`. */
  readonly blueprint?: number | undefined;
}

/** A blueprint that a command is about, and how the next command names it. */
export interface MeantBlueprint {
  readonly stored: StoredBlueprint;
  /** ` --vendor acme` */
  readonly flags: string;
}

/**
 * The blueprints that are meant by `--vendor`, each time it was given, or the only one; read from the project's files.
 *
 * @throws {CliError} NOT_FOUND, USAGE @throws {RegistryError} INVALID_BLUEPRINT
 */
export async function chooseBlueprints(
  { dir, signal }: CommandContext,
  { settings, registry }: ImoProject,
  {
    vendors,
    direction,
  }: { readonly vendors: readonly string[]; readonly direction?: Direction | undefined },
): Promise<readonly ChosenBlueprint[]> {
  const folder = settingPath(dir, settings.VENDOR_BLUEPRINTS_DIR);
  const files = await readBlueprintFiles(folder, signal);
  const names = vendors.length === 0 ? [undefined] : vendors;
  return names.map((vendor) =>
    chooseBlueprint(files, registry, { vendor, direction, folder: shownPath(folder) }),
  );
}

/**
 * Keeps the blueprint in the table `blueprints`, as every run needs it, once all stores that the work needs are open; a dry run
 * writes nothing.
 *
 * @throws {PipelineError} MISSING_TABLES, DENIED, DATABASE_FAILED @throws {CliError} EMBEDDED_IN_PRODUCTION
 */
export async function keepBlueprint(
  opened: ImoStores,
  { blueprint, file, word }: ChosenBlueprint,
  { steps, dryRun }: { readonly steps?: readonly PipelineStep[]; readonly dryRun: boolean },
): Promise<MeantBlueprint> {
  if (needsFirestore(blueprint, steps)) await opened.withFirestore();
  const { storeBlueprint } = await import("@ctb-data/pipeline");
  return {
    stored: dryRun ? { id: 0, blueprint } : await storeBlueprint(opened.stores, file),
    flags: ` --vendor ${word}`,
  };
}

/** The blueprint of a row of `blueprints`. @throws {PipelineError} NOT_FOUND, INVALID_BLUEPRINT */
export async function keptBlueprint({ stores }: ImoStores, id: number): Promise<MeantBlueprint> {
  const { readBlueprint } = await import("@ctb-data/pipeline");
  return { stored: await readBlueprint(stores, id), flags: ` --blueprint ${id}` };
}

/** Whether a blueprint, or these steps of it, need Firestore. */
export function needsFirestore(
  { intake }: VendorBlueprint,
  steps?: readonly PipelineStep[],
): boolean {
  return intake !== undefined && (steps === undefined || steps.some((step) => step !== "export"));
}
