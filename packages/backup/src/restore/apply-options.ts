import type { ApplySchemaOptions } from "../postgres-schema/apply-schema.ts";
import type { SchemaObject } from "../postgres-schema/schema-object.ts";
import type { RestoreBackupOptions } from "./restore-options.ts";

/**
 * How the schema of a backup is made again. Roles belong to a cluster: rights of one that is not there are left out and told, except
 * where that would let somebody see more.
 */
export function applyOptionsOf({
  jobs,
  onViolation,
  searchPath,
  onProgress,
  signal,
}: RestoreBackupOptions): ApplySchemaOptions {
  return {
    onMissingRole: "skip",
    ...(jobs === undefined ? {} : { jobs }),
    ...(onViolation === undefined ? {} : { onViolation }),
    ...(searchPath === undefined ? {} : { searchPath }),
    ...(onProgress === undefined ? {} : { onProgress }),
    ...(signal === undefined ? {} : { signal }),
  };
}

/** A statement of our own among those of the archive. */
export function statementOf(id: string, sql: string): SchemaObject {
  return { id, kind: "statement", schema: null, name: id, sql: `${sql};` };
}
