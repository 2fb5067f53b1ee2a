import { readFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import {
  checkGenerated,
  type GeneratedDifference,
  type GeneratedFile,
  generateModels,
  writeGenerated,
} from "@ctb-data/models";
import { generatePostgresFiles } from "@ctb-data/postgres";
import type { Registry } from "@ctb-data/registry";
import { settingPath } from "../config/load-settings.ts";
import type { Settings } from "../config/settings.ts";
import { readIfThere } from "./read-if-there.ts";
import { shownPath } from "./shown-path.ts";
import { writeAtomically } from "./write-atomically.ts";

/** All that is derived from a registry, and where it belongs. */
export interface GeneratedPlan {
  /** A folder that holds nothing else: files that are no longer derived are removed from it. */
  readonly folder: { readonly dir: string; readonly files: readonly GeneratedFile[] };
  /** Files among others, by absolute path. */
  readonly single: readonly GeneratedFile[];
}

/** Where generated files go, as the settings and the folder of the project say. */
export interface GeneratedPlaces {
  readonly dir: string;
  readonly settings: Settings;
}

/** Derives every generated file of a project. */
export async function planGenerated(
  registry: Registry,
  { dir, settings }: GeneratedPlaces,
): Promise<GeneratedPlan> {
  const models = generateModels(registry);
  const postgres = generatePostgresFiles(registry);
  const at = (path: string): string => settingPath(dir, path);
  const single = [
    { path: at(settings.SCHEMA_PATH), content: contentOf(postgres, "schema.sql") },
    { path: at(settings.FIRESTORE_TYPES_PATH), content: contentOf(models, "firestore.ts") },
    await currentSchema(at(settings.REGISTRY_PATH)),
  ];
  return {
    folder: {
      dir: at(settings.GENERATE_OUT),
      files: [
        ...models.filter(({ path }) => path !== "firestore.ts"),
        // A folder of their own: a table may be called `entities`.
        ...postgres
          .filter(({ path }) => path !== "schema.sql")
          .map(({ path, content }) => ({ path: `postgres/${path}`, content })),
      ],
    },
    single: single.flatMap(({ path, content }) => (content === undefined ? [] : { path, content })),
  };
}

function contentOf(files: readonly GeneratedFile[], name: string): string | undefined {
  return files.find(({ path }) => path === name)?.content;
}

/** What differs on disk, by paths as people would type them. */
export async function checkPlan(plan: GeneratedPlan): Promise<readonly GeneratedDifference[]> {
  const inFolder = await checkGenerated(plan.folder.dir, plan.folder.files);
  return [...shown(plan, inFolder), ...(await checkSingle(plan))];
}

/** Writes what differs, and says what that was. */
export async function writePlan(plan: GeneratedPlan): Promise<readonly GeneratedDifference[]> {
  const single = await checkSingle(plan);
  const inFolder = await writeGenerated(plan.folder.dir, plan.folder.files);
  for (const { path, content } of plan.single) {
    if (single.some((difference) => difference.path === shownPath(path))) {
      await writeAtomically(path, content);
    }
  }
  return [...shown(plan, inFolder), ...single];
}

async function checkSingle({ single }: GeneratedPlan): Promise<readonly GeneratedDifference[]> {
  const differences: GeneratedDifference[] = [];
  for (const { path, content } of single) {
    const there = await readIfThere(path);
    if (there !== content) {
      differences.push({
        path: shownPath(path),
        kind: there === undefined ? "missing" : "changed",
      });
    }
  }
  return differences;
}

function shown(
  plan: GeneratedPlan,
  differences: readonly GeneratedDifference[],
): readonly GeneratedDifference[] {
  return differences.map(({ path, kind }) => ({
    path: shownPath(join(plan.folder.dir, path)),
    kind,
  }));
}

/** The name of the JSON Schema that `init` lays beside the registry, for editors. */
export const registrySchemaName = "registry.schema.json";

/** The path of that schema for a registry file or folder. */
export function registrySchemaPath(registryPath: string): string {
  return join(isFile(registryPath) ? dirname(registryPath) : registryPath, registrySchemaName);
}

/** Whether a registry's path names a file, as design §3 tells them apart: by its extension. */
export function isFile(registryPath: string): boolean {
  return /\.ya?ml$/iu.test(basename(registryPath));
}

/** The JSON Schema of this version, as the package ships it. */
export async function shippedSchema(): Promise<string> {
  const url = import.meta.resolve("@ctb-data/registry/registry.schema.json");
  return await readFile(fileURLToPath(url), "utf8");
}

/** Kept up to date where it is; a registry that names another schema has none beside it. */
async function currentSchema(
  registryPath: string,
): Promise<{ readonly path: string; readonly content: string | undefined }> {
  const path = registrySchemaPath(registryPath);
  const isThere = (await readIfThere(path)) !== undefined;
  return { path, content: isThere ? await shippedSchema() : undefined };
}
