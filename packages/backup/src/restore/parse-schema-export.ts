import { z } from "zod";
import { BackupError } from "../backup-error.ts";
import type { SchemaExport } from "../postgres-schema/schema-object.ts";

const objectSchema = z.object({
  id: z.string(),
  kind: z.string(),
  schema: z.string().nullable(),
  name: z.string(),
  sql: z.string(),
  dependsOn: z.array(z.string()).exactOptional(),
  table: z.object({ schema: z.string(), name: z.string() }).exactOptional(),
  roles: z.array(z.string()).exactOptional(),
});

const exportSchema = z.object({
  serverVersionNumber: z.number().int(),
  preData: z.array(objectSchema),
  postData: z.array(objectSchema),
  grants: z.array(objectSchema),
  uncovered: z.array(z.object({ kind: z.string(), name: z.string(), why: z.string() })),
});

/** `objects.json` of an archive, checked. @throws {BackupError} CORRUPT */
export function parseSchemaExport(body: Uint8Array, key: string): SchemaExport {
  try {
    return exportSchema.parse(JSON.parse(Buffer.from(body).toString()));
  } catch (cause) {
    throw new BackupError("CORRUPT", `${key} does not have the shape of its format.`, {
      key,
      cause,
    });
  }
}
