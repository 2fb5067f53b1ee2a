import { readdir, readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { readSeedMigrations } from "@ctb-data/migrations";
import { configTemplate } from "../config/config-template.ts";
import { envExample } from "../config/env-example.ts";
import { settingPath } from "../config/load-settings.ts";
import { editorSchemas, withLocalSchema } from "./editor-schemas.ts";
import { isMissing } from "./is-missing.ts";
import { type ProjectPlaces, registryFileOf } from "./project-places.ts";

/** A file that `init` lays down. */
export interface SeedFile {
  /** Absolute. */
  readonly path: string;
  readonly content: string;
}

/** What a new project starts with, from the data that the packages ship; without what is generated. The registry comes first. */
export async function seedFiles(places: ProjectPlaces): Promise<readonly SeedFile[]> {
  const { dir, settings } = places;
  const at = (path: string): string => settingPath(dir, path);
  const registry = fileURLToPath(
    import.meta.resolve("@ctb-data/registry/seed/clnt_column_registry.yml"),
  );
  const migrations = await readSeedMigrations();
  return [
    { path: registryFileOf(places), content: withLocalSchema(await readFile(registry, "utf8")) },
    ...(await filesIn(
      join(dirname(registry), "vendor_blueprints"),
      at(settings.VENDOR_BLUEPRINTS_DIR),
    )),
    ...(await editorSchemas(places)),
    ...migrations.map(({ file, content }) => ({
      path: join(at(settings.MIGRATIONS_DIR), file),
      content,
    })),
    { path: at("global-config.yaml"), content: configTemplate() },
    { path: at(".env.example"), content: envExample() },
  ];
}

async function filesIn(from: string, to: string): Promise<readonly SeedFile[]> {
  try {
    const names = (await readdir(from)).toSorted();
    return await Promise.all(
      names.map(async (name) => ({
        path: join(to, name),
        content: withLocalSchema(await readFile(join(from, name), "utf8")),
      })),
    );
  } catch (error) {
    if (isMissing(error)) {
      return [];
    }
    throw error;
  }
}
