import type { Uncovered } from "../archive/postgres-manifest.ts";
import { BackupError } from "../backup-error.ts";
import { addRefreshes } from "../postgres-schema/add-refreshes.ts";
import {
  dumpSchemaWithPgDump,
  type PgDumpText,
} from "../postgres-schema/dump-schema-with-pg-dump.ts";
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
  if (choice === undefined) {
    const { objects } = await exportObjects(snapshot, signal, false);
    return fromCatalog(objects, []);
  }
  const exported = await exportObjects(snapshot, signal, true);
  const text = await textOf(snapshot, choice, { schema, signal });
  if (text === undefined) return fromCatalog(exported.objects, [...exported.warnings, noText]);
  const refreshes = exported.objects.postData.filter(({ kind }) => kind === "refresh");
  return {
    source: `pg_dump ${choice.pgDump.version}`,
    preData: text.preData.sql,
    // pg_dump leaves them to the part of a dump that is data.
    postData: addRefreshes(text.postData.sql, refreshes),
    grants: renderSchemaSql(exported.objects.grants),
    objects: exported.objects,
    uncovered: [],
    warnings: [
      ...exported.warnings,
      ...new Set([...text.preData.warnings, ...text.postData.warnings]),
    ],
  };
}

const noText =
  "pg_dump could not read the schema while others altered it; it was read from the catalog.";

function fromCatalog(objects: SchemaExport, warnings: readonly string[]): DumpedSchema {
  return {
    source: "catalog",
    preData: renderSchemaSql(objects.preData),
    postData: renderSchemaSql(objects.postData),
    grants: renderSchemaSql(objects.grants),
    objects,
    uncovered: objects.uncovered,
    warnings,
  };
}

interface SchemaText {
  readonly preData: PgDumpText;
  readonly postData: PgDumpText;
}

/** Undefined when pg_dump failed and nobody insisted on it, and the catalog has everything. */
async function textOf(
  snapshot: PostgresSnapshot,
  choice: PgDumpChoice,
  { schema, signal }: { readonly schema: SchemaOptions; readonly signal: AbortSignal | undefined },
): Promise<SchemaText | undefined> {
  const serverVersionNumber = snapshot.server.versionNumber;
  const common = { ...choice, serverVersionNumber, snapshotId: snapshot.id, signal };
  try {
    return {
      preData: await dumpSchemaWithPgDump({ ...common, section: "pre-data" }),
      postData: await dumpSchemaWithPgDump({ ...common, section: "post-data" }),
    };
  } catch (error) {
    const isFailure = error instanceof BackupError && error.code === "DATABASE_FAILED";
    if (isFailure && schema.source !== "pg_dump") return undefined;
    throw error;
  }
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
