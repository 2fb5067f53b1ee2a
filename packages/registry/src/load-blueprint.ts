import { blueprintTextOf, yamlOfJson } from "./blueprint-data.ts";
import type { VendorBlueprint } from "./blueprint.ts";
import { checkBlueprint } from "./check-blueprint.ts";
import type { RegistryFile } from "./check-registry.ts";
import type { LoadOptions } from "./load-registry.ts";
import type { Problem } from "./problem.ts";
import { readRegistryFiles } from "./read-registry-files.ts";
import { invalid, RegistryError } from "./registry-error.ts";
import type { Registry } from "./registry.ts";

/**
 * Reads the vendor blueprint in a file and checks it against the registry.
 *
 * @throws {RegistryError} as `readRegistryFiles` does; `INVALID_BLUEPRINT` with all `problems`; `UNREADABLE` when
 * `path` is a folder with several.
 */
export async function loadBlueprint(
  path: string,
  registry: Registry,
  options: LoadOptions = {},
): Promise<VendorBlueprint> {
  const [first, ...more] = await loadBlueprints(path, registry, options);
  if (first !== undefined && more.length === 0) return first;
  throw new RegistryError("UNREADABLE", `The folder ${path} has several blueprints.`, {
    hint: "Name one of the files.",
  });
}

/**
 * Reads all vendor blueprints of a folder (or the one in a file) and checks them against the registry. A vendor may
 * have several, but each of another version.
 *
 * @throws {RegistryError} as `readRegistryFiles` does, and `INVALID_BLUEPRINT` with all `problems` of all files.
 */
export async function loadBlueprints(
  path: string,
  registry: Registry,
  options: LoadOptions = {},
): Promise<readonly VendorBlueprint[]> {
  const { signal } = options;
  const files = await readRegistryFiles(path, signal === undefined ? {} : { signal });
  const checked = files.map((file) => checkBlueprint(file, registry, options));
  const blueprints = checked
    .map(({ blueprint }) => blueprint)
    .filter((blueprint) => blueprint !== undefined);
  const problems = [...checked.flatMap((one) => one.problems), ...sameVersion(blueprints)];
  if (problems.some(({ severity }) => severity === "error"))
    throw invalid("INVALID_BLUEPRINT", "vendor blueprint", problems);
  for (const problem of problems) options.onWarning?.(problem);
  return blueprints;
}

function sameVersion(blueprints: readonly VendorBlueprint[]): readonly Problem[] {
  const seen = new Map<string, VendorBlueprint>();
  const problems: Problem[] = [];
  for (const blueprint of blueprints) {
    const { vendor, version, source } = blueprint;
    const key = JSON.stringify([vendor, version]);
    const before = seen.get(key);
    if (before !== undefined) {
      problems.push({
        ...source,
        severity: "error",
        code: "duplicate-name",
        path: "",
        message: `the version ${version} of the vendor "${vendor}" is also in ${before.source.file}`,
      });
    }
    seen.set(key, blueprint);
  }
  return problems;
}

/**
 * Checks the text of one vendor blueprint against the registry. `file` is its name in problems.
 *
 * @throws {RegistryError} `INVALID_BLUEPRINT` with all `problems`.
 */
export function parseBlueprint(
  text: string,
  registry: Registry,
  options: Omit<LoadOptions, "signal"> & { readonly file?: string } = {},
): VendorBlueprint {
  const file: RegistryFile = { file: options.file ?? "blueprint.yml", text };
  const { blueprint, problems } = checkBlueprint(file, registry, options);
  if (blueprint === undefined) throw invalid("INVALID_BLUEPRINT", "vendor blueprint", problems);
  for (const problem of problems) options.onWarning?.(problem);
  return blueprint;
}

/**
 * Checks the data of one vendor blueprint, as `VendorBlueprint.data` has it or a `jsonb` column gives it back, against the
 * registry. Lines and columns of problems are those of the data as one line of JSON; their paths tell more.
 *
 * @throws {RegistryError} `INVALID_BLUEPRINT` with all `problems`.
 */
export function parseBlueprintData(
  data: unknown,
  registry: Registry,
  options: Omit<LoadOptions, "signal"> & { readonly file?: string } = {},
): VendorBlueprint {
  return parseBlueprint(blueprintTextOf(data), registry, options);
}

/**
 * Checks the JSON of one vendor blueprint, as PostgreSQL prints a `jsonb` column: like `parseBlueprintData`, and numbers keep the digits that
 * they are written with (`JSON.parse` makes `1.5` of `1.50`).
 *
 * @throws {RegistryError} `INVALID_BLUEPRINT` with all `problems`.
 */
export function parseBlueprintJson(
  text: string,
  registry: Registry,
  options: Omit<LoadOptions, "signal"> & { readonly file?: string } = {},
): VendorBlueprint {
  return parseBlueprint(yamlOfJson(text), registry, options);
}
