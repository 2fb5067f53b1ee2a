import type { VendorBlueprint } from "./blueprint.ts";
import type { RegistryFile } from "./check-registry.ts";
import type { LoadOptions } from "./load-registry.ts";
import type { Problem } from "./problem.ts";
import type { Registry } from "./registry.ts";

/** @throws {RegistryError} `INVALID_BLUEPRINT` with all `problems`. */
export async function loadBlueprint(
  path: string,
  registry: Registry,
  options: LoadOptions = {},
): Promise<VendorBlueprint> {
  throw new Error(`to be written ${path} ${registry.schema} ${String(options.strict)}`);
}

/** Checks a vendor blueprint against the registry. Pure; never throws. */
export function checkBlueprint(
  file: RegistryFile,
  registry: Registry,
  options: { readonly strict?: boolean } = {},
): { readonly blueprint?: VendorBlueprint; readonly problems: readonly Problem[] } {
  throw new Error(`to be written ${file.text} ${registry.schema} ${String(options.strict)}`);
}

/** @throws {RegistryError} `INVALID_BLUEPRINT` with all `problems`. */
export function parseBlueprint(
  text: string,
  registry: Registry,
  options: LoadOptions & { readonly file?: string } = {},
): VendorBlueprint {
  throw new Error(`to be written ${text} ${registry.schema} ${String(options.strict)}`);
}
