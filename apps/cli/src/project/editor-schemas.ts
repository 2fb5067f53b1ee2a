import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { settingPath } from "../config/load-settings.ts";
import { type ProjectPlaces, registryFolderOf } from "./project-places.ts";

/** A JSON Schema, and where in a project it lies. */
export interface EditorSchema {
  /** Absolute. */
  readonly path: string;
  readonly content: string;
}

/**
 * The JSON Schemas for editors, as this version ships them. They lie beside the files that they describe, so that every clone has
 * them, whether anything is installed in it or not.
 */
export async function editorSchemas(places: ProjectPlaces): Promise<readonly EditorSchema[]> {
  const blueprints = settingPath(places.dir, places.settings.VENDOR_BLUEPRINTS_DIR);
  return [
    await schemaIn(registryFolderOf(places), "registry.schema.json"),
    await schemaIn(blueprints, "blueprint.schema.json"),
  ];
}

/** Makes the first line of a YAML file, where it names one of these schemas, name the copy beside the file. */
export function withLocalSchema(text: string): string {
  return text.replace(
    /^(?<start># yaml-language-server: \$schema=)\S*\/(?<name>(registry|blueprint)\.schema\.json)$/mu,
    "$<start>./$<name>",
  );
}

async function schemaIn(folder: string, name: string): Promise<EditorSchema> {
  const url = new URL(name, import.meta.resolve("@ctb-data/registry/registry.schema.json"));
  return { path: join(folder, name), content: await readFile(url, "utf8") };
}
