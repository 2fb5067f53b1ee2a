import type { PostgresManifest, Uncovered } from "../archive/postgres-manifest.ts";
import { BackupError } from "../backup-error.ts";
import type { PartRecord } from "../part/part.ts";
import { setvalSql } from "../postgres/dump-sequences.ts";
import type { PostgresSnapshot } from "../postgres/open-postgres-snapshot.ts";
import type { CreateBackupOptions } from "./create-options.ts";
import { dumpSchema, type DumpedSchema } from "./dump-schema.ts";
import { orHalt } from "./or-halt.ts";
import { writePart, type RecordingSink } from "./recording-sink.ts";

type DumpOptions = CreateBackupOptions & { readonly sink: RecordingSink };

/**
 * Reads all of a PostgreSQL snapshot: schema, rows, then the sequences, which are of no snapshot; at last it is checked that nothing
 * that was described has been altered meanwhile.
 *
 * @throws {BackupError} NOT_COVERED, SCHEMA_CHANGED, DATABASE_FAILED, CANCELLED, and what the sink throws.
 */
export async function dumpPostgres(
  snapshot: PostgresSnapshot,
  options: DumpOptions,
): Promise<PostgresManifest> {
  const { sink, onProgress } = options;
  onProgress?.({ kind: "step", step: "schema" });
  const halt = new AbortController();
  // Side by side: both are of the same snapshot, and reading the schema keeps no core busy.
  const [described, dumped] = await Promise.allSettled([
    orHalt(halt, async () => await describe(snapshot, options)),
    orHalt(halt, async () => await snapshot.dumpRows({ signal: halt.signal })),
  ]);
  if (described.status === "rejected" || dumped.status === "rejected") throw halt.signal.reason;
  const { schema, uncovered, sections } = described.value;
  const tables = dumped.value;
  const { sequences } = await snapshot.dumpSequences();
  const sql = sequences.map((sequence) => `${setvalSql(sequence)}\n`).join("");
  const sequenceValues = await writePart(sink, "postgres/sequences.sql", Buffer.from(sql));
  const { warnings } = await snapshot.checkSchemaUnchanged();
  const { server } = snapshot;
  return {
    database: server.database,
    serverVersion: server.version,
    serverVersionNumber: server.versionNumber,
    encoding: server.encoding,
    snapshotAt: snapshot.takenAt,
    snapshot: snapshot.snapshot,
    lsn: snapshot.lsn,
    schemaSource: schema.source,
    uncovered: [...uncovered],
    ...sections,
    sequenceValues,
    tables: [...tables],
    sequences: [...sequences],
    warnings: [...schema.warnings, ...warnings, ...uncovered.map(warningOf)],
  };
}

interface DescribedSchema {
  readonly schema: DumpedSchema;
  readonly uncovered: readonly Uncovered[];
  readonly sections: SchemaParts;
}

async function describe(
  snapshot: PostgresSnapshot,
  options: DumpOptions,
): Promise<DescribedSchema> {
  const schema = await dumpSchema(snapshot, options);
  const uncovered = [...snapshot.uncovered, ...schema.uncovered];
  if (options.schema?.strict === true) refuseUncovered(uncovered);
  return { schema, uncovered, sections: await writeSchema(options.sink, schema) };
}

type SchemaParts = Readonly<Record<"preData" | "postData" | "grants" | "objects", PartRecord>>;

async function writeSchema(
  sink: RecordingSink,
  { preData, postData, grants, objects }: DumpedSchema,
): Promise<SchemaParts> {
  return {
    preData: await writePart(sink, "postgres/pre-data.sql", Buffer.from(preData)),
    postData: await writePart(sink, "postgres/post-data.sql", Buffer.from(postData)),
    grants: await writePart(sink, "postgres/grants.sql", Buffer.from(grants)),
    objects: await writePart(
      sink,
      "postgres/objects.json",
      Buffer.from(`${JSON.stringify(objects, undefined, 1)}\n`),
    ),
  };
}

function refuseUncovered(uncovered: readonly Uncovered[]): void {
  if (uncovered.length === 0) return;
  throw new BackupError(
    "NOT_COVERED",
    `The database has what the archive would not hold: ${uncovered
      .slice(0, 5)
      .map(({ kind, name }) => `${kind} ${name}`)
      .join(", ")}${uncovered.length > 5 ? ", …" : ""}.`,
    {
      hint: "Without `strict` the backup is made, and says what is missing. A pg_dump of the server's version may cover more.",
    },
  );
}

function warningOf({ kind, name, why }: Uncovered): string {
  return `Not in the backup: ${kind} ${name}: ${why}`;
}
