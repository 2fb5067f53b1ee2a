import { z } from "zod";
import { partRecordSchema } from "./part-record-schema.ts";

const count = z.number().int().nonnegative();

/** A piece of a table: rows of one ctid range, in COPY's text format. */
const tablePartSchema = partRecordSchema.extend({ rows: count });

const tableSchema = z.object({
  schema: z.string(),
  name: z.string(),
  /** The columns that the parts hold, in this order. Generated ones are left out. */
  columns: z.array(z.string()),
  rows: count,
  /** `COPY … FROM STDIN`, quoted: what loads one of the parts. */
  copyIn: z.string(),
  parts: z.array(tablePartSchema),
});

const sequenceSchema = z.object({
  schema: z.string(),
  name: z.string(),
  /** A bigint, in digits. */
  lastValue: z.string().regex(/^-?\d+$/u),
  isCalled: z.boolean(),
});

/** Something that the database has and the archive does not. */
const uncoveredSchema = z.object({ kind: z.string(), name: z.string(), why: z.string() });

export const postgresManifestSchema = z.object({
  database: z.string(),
  /** `18.4` */
  serverVersion: z.string(),
  /** `180004` */
  serverVersionNumber: z.number().int(),
  encoding: z.string(),
  /** When the snapshot was taken, by the server's clock: ISO 8601 with microseconds, UTC. */
  snapshotAt: z.string(),
  /** `pg_current_snapshot()` */
  snapshot: z.string(),
  /** Where the write-ahead log was; null where the server does not say. */
  lsn: z.string().nullable(),
  /** `pg_dump 15.18`, or `catalog`. */
  schemaSource: z.string(),
  uncovered: z.array(uncoveredSchema),
  /** Types, functions, tables, views: what must be there before the rows. SQL that psql runs. */
  preData: partRecordSchema,
  /** Indexes, constraints, triggers, policies, refreshes. */
  postData: partRecordSchema,
  /** What names roles: grants, default privileges. Roles belong to a cluster, and may be missing elsewhere. */
  grants: partRecordSchema,
  /** `setval` of every sequence. */
  sequenceValues: partRecordSchema,
  /** One JSON document: each object's SQL by itself, so that single tables can be restored. */
  objects: partRecordSchema,
  tables: z.array(tableSchema),
  sequences: z.array(sequenceSchema),
  warnings: z.array(z.string()),
});

export type PostgresManifest = Readonly<z.infer<typeof postgresManifestSchema>>;
export type TableManifest = Readonly<z.infer<typeof tableSchema>>;
export type Uncovered = Readonly<z.infer<typeof uncoveredSchema>>;
