import type { Uncovered } from "../archive/postgres-manifest.ts";
import { exportSchema } from "../postgres-schema/export-schema.ts";
import { renderSchemaSql } from "../postgres-schema/render-schema-sql.ts";
import type { SchemaExport } from "../postgres-schema/schema-object.ts";
import { asDatabaseWork } from "../postgres/database-failure.ts";
import type { PostgresSnapshot } from "../postgres/open-postgres-snapshot.ts";
import type { CreateBackupOptions } from "./create-options.ts";

/** The schema as it goes into the archive. */
export interface DumpedSchema {
  /** `pg_dump 15.18`, or `catalog`. */
  readonly source: string;
  readonly preData: string;
  readonly postData: string;
  readonly grants: string;
  /** Each object by itself. */
  readonly objects: SchemaExport;
  readonly uncovered: readonly Uncovered[];
  readonly warnings: readonly string[];
}

/** Reads the schema on the snapshot. @throws {BackupError} */
export async function dumpSchema(
  snapshot: PostgresSnapshot,
  { signal }: CreateBackupOptions,
): Promise<DumpedSchema> {
  const objects = await asDatabaseWork(
    { doing: "Reading the schema" },
    async () =>
      await snapshot.withSnapshotConnection(
        async (connection) =>
          await exportSchema(connection, signal === undefined ? {} : { signal }),
      ),
  );
  return {
    source: "catalog",
    preData: renderSchemaSql(objects.preData),
    postData: renderSchemaSql(objects.postData),
    grants: renderSchemaSql(objects.grants),
    objects,
    uncovered: objects.uncovered,
    warnings: [],
  };
}
