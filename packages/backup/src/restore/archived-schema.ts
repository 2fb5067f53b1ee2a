import type { OpenedBackup } from "../archive/read-backup.ts";
import type { PartRecord, PartSource } from "../part/part.ts";
import type { SchemaExport, SchemaObject } from "../postgres-schema/schema-object.ts";
import { objectsOf } from "../postgres-schema/schema-source.ts";
import { parseSchemaExport } from "./parse-schema-export.ts";
import type { PostgresPart } from "./restore-options.ts";

/** What makes the schema of a backup again. */
export interface ArchivedSchema {
  readonly preData: readonly SchemaObject[];
  readonly postData: readonly SchemaObject[];
  readonly grants: readonly SchemaObject[];
}

/** Each object of the schema by itself, as the catalog had it. @throws {BackupError} CORRUPT, WRONG_KEY */
export async function readSchemaObjects(
  parts: PartSource,
  { objects }: PostgresPart,
): Promise<SchemaExport> {
  return parseSchemaExport(await readPart(parts, objects), objects.key);
}

/**
 * The schema for restoring all of it. Objects of the catalog can be made side by side, and their names are in errors; the text of a
 * pg_dump is taken where the catalog's export does not have everything.
 *
 * @throws {BackupError} CORRUPT, WRONG_KEY
 */
export async function readArchivedSchema(
  { parts }: Pick<OpenedBackup, "parts">,
  manifest: PostgresPart,
): Promise<ArchivedSchema> {
  const exported = await readSchemaObjects(parts, manifest);
  if (manifest.schemaSource === "catalog" || exported.uncovered.length === 0) return exported;
  const textOf = async (part: PartRecord): Promise<readonly SchemaObject[]> =>
    objectsOf((await readPart(parts, part)).toString());
  return {
    preData: await textOf(manifest.preData),
    postData: await textOf(manifest.postData),
    grants: exported.grants,
  };
}

async function readPart(parts: PartSource, part: PartRecord): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of parts.read(part)) chunks.push(Uint8Array.from(chunk));
  return Buffer.concat(chunks);
}
