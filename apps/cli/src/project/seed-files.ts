import { readdir, readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { readSeedMigrations } from "@ctb-data/migrations";
import { configTemplate } from "../config/config-template.ts";
import { envExample } from "../config/env-example.ts";
import { settingPath } from "../config/load-settings.ts";
import {
  type GeneratedPlaces,
  isFile,
  registrySchemaName,
  registrySchemaPath,
  shippedSchema,
} from "./generated-files.ts";
import { isMissing } from "./is-missing.ts";

/** A file that `init` lays down. */
export interface SeedFile {
  /** Absolute. */
  readonly path: string;
  readonly content: string;
}

const registryName = "clnt_column_registry.yml";

/** What a new project starts with, from the data that the packages ship; without what is generated. */
export async function seedFiles({ dir, settings }: GeneratedPlaces): Promise<readonly SeedFile[]> {
  const at = (path: string): string => settingPath(dir, path);
  const registryPath = at(settings.REGISTRY_PATH);
  const seedUrl = import.meta.resolve(`@ctb-data/registry/seed/${registryName}`);
  const seed = dirname(fileURLToPath(seedUrl));
  const migrations = await readSeedMigrations();
  return [
    {
      path: isFile(registryPath) ? registryPath : join(registryPath, registryName),
      content: withLocalSchema(await readFile(join(seed, registryName), "utf8")),
    },
    { path: registrySchemaPath(registryPath), content: await shippedSchema() },
    ...(await filesIn(join(seed, "vendor_blueprints"), at(settings.VENDOR_BLUEPRINTS_DIR))),
    ...migrations.map(({ file, content }) => ({
      path: join(at(settings.MIGRATIONS_DIR), file),
      content,
    })),
    { path: at("global-config.yaml"), content: configTemplate() },
    { path: at(".env.example"), content: envExample() },
  ];
}

/** An editor finds the schema in every clone, installed or not: it lies beside the registry. */
function withLocalSchema(registry: string): string {
  const modeline = `# yaml-language-server: $schema=./${registrySchemaName}`;
  const text = registry.replace(/^# yaml-language-server:.*\n/u, "");
  return `${modeline}\n${text.endsWith("\n") ? text : `${text}\n`}`;
}

async function filesIn(from: string, to: string): Promise<readonly SeedFile[]> {
  try {
    const names = (await readdir(from)).toSorted();
    return await Promise.all(
      names.map(async (name) => ({
        path: join(to, name),
        content: await readFile(join(from, name), "utf8"),
      })),
    );
  } catch (error) {
    if (isMissing(error)) {
      return [];
    }
    throw error;
  }
}
