import type { Uncovered } from "../archive/postgres-manifest.ts";
import { BackupError } from "../backup-error.ts";
import { dumpSchemaWithPgDump } from "../postgres-schema/dump-schema-with-pg-dump.ts";
import { exportSchema } from "../postgres-schema/export-schema.ts";
import { canDump, findPgDump, noPgDump, type PgDump } from "../postgres-schema/find-pg-dump.ts";
import { renderSchemaSql } from "../postgres-schema/render-schema-sql.ts";
import type { SchemaExport } from "../postgres-schema/schema-object.ts";
import { asDatabaseWork } from "../postgres/database-failure.ts";
import type { PostgresSnapshot } from "../postgres/open-postgres-snapshot.ts";
import type { CreateBackupOptions, SchemaOptions } from "./create-options.ts";

/** The schema as it goes into the archive. */
export interface DumpedSchema {
  /** `pg_dump 15.18`, or `catalog`. */
  readonly source: string;
  readonly preData: string;
  readonly postData: string;
  readonly grants: string;
  /** Each object by itself. */
  readonly objects: SchemaExport;
  /** What the archive does not hold. */
  readonly uncovered: readonly Uncovered[];
  readonly warnings: readonly string[];
}

interface PgDumpChoice {
  readonly pgDump: PgDump;
  readonly url: string;
}

/**
 * Reads the schema on the snapshot: always object by object from the catalog, and as a text of pg_dump where there is one that can.
 *
 * @throws {BackupError} NOT_INSTALLED when pg_dump is asked for and missing or too old; INVALID_OPTIONS, POOLED_HOST, DATABASE_FAILED,
 * UNSUPPORTED, NOT_COVERED, CANCELLED
 */
export async function dumpSchema(
  snapshot: PostgresSnapshot,
  { schema = {}, signal }: CreateBackupOptions,
): Promise<DumpedSchema> {
  const choice = await choosePgDump(schema, snapshot.server.versionNumber);
  const exported = await exportObjects(snapshot, signal, choice !== undefined);
  const grants = renderSchemaSql(exported.objects.grants);
  if (choice === undefined) {
    const { objects } = exported;
    return {
      source: "catalog",
      preData: renderSchemaSql(objects.preData),
      postData: renderSchemaSql(objects.postData),
      grants,
      objects,
      uncovered: objects.uncovered,
      warnings: [],
    };
  }
  const dump = async (section: "pre-data" | "post-data"): ReturnType<typeof dumpSchemaWithPgDump> =>
    await dumpSchemaWithPgDump({
      ...choice,
      serverVersionNumber: snapshot.server.versionNumber,
      snapshotId: snapshot.id,
      section,
      signal,
    });
  const preData = await dump("pre-data");
  const postData = await dump("post-data");
  return {
    source: `pg_dump ${choice.pgDump.version}`,
    preData: preData.sql,
    postData: postData.sql,
    grants,
    objects: exported.objects,
    uncovered: [],
    warnings: [...exported.warnings, ...new Set([...preData.warnings, ...postData.warnings])],
  };
}

async function choosePgDump(
  { source = "auto", program, url }: SchemaOptions,
  serverVersionNumber: number,
): Promise<PgDumpChoice | undefined> {
  if (source === "catalog") return undefined;
  if (url === undefined) {
    if (source === "auto") return undefined;
    throw new BackupError(
      "INVALID_OPTIONS",
      "pg_dump needs the database's URL: it connects by itself.",
    );
  }
  const pgDump = await findPgDump(program);
  if (pgDump !== undefined && canDump(pgDump, serverVersionNumber)) return { pgDump, url };
  if (source === "auto") return undefined;
  throw noPgDump(pgDump, serverVersionNumber);
}

/** Where a pg_dump has everything, what the catalog's export cannot do is no reason to have no backup. */
async function exportObjects(
  snapshot: PostgresSnapshot,
  signal: AbortSignal | undefined,
  isSpare: boolean,
): Promise<{ readonly objects: SchemaExport; readonly warnings: readonly string[] }> {
  try {
    const objects = await asDatabaseWork(
      { doing: "Reading the schema" },
      async () =>
        await snapshot.withSnapshotConnection(
          async (connection) =>
            await exportSchema(connection, signal === undefined ? {} : { signal }),
        ),
    );
    return { objects, warnings: [] };
  } catch (error) {
    const isLimit =
      error instanceof BackupError && ["UNSUPPORTED", "NOT_COVERED"].includes(error.code);
    if (!isSpare || !isLimit) throw error;
    const uncovered = [{ kind: "schema", name: "objects.json", why: error.message }];
    return {
      objects: {
        serverVersionNumber: snapshot.server.versionNumber,
        preData: [],
        postData: [],
        grants: [],
        uncovered,
      },
      warnings: [`Single tables cannot be restored from this backup: ${error.message}`],
    };
  }
}
