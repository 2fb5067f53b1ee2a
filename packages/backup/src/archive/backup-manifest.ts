import { z } from "zod";
import { firestoreManifestSchema } from "./firestore-manifest.ts";
import { partRecordSchema } from "./part-record-schema.ts";
import { postgresManifestSchema } from "./postgres-manifest.ts";

/** The version of the archive's format that this package writes. */
export const archiveFormat = 1;

const count = z.number().int().nonnegative();
const instant = z.iso.datetime();

/** How far the two snapshots are apart, and what happened between them. They are two: never one atomic moment. */
const pairingSchema = z.object({
  /** The server's clock when the PostgreSQL snapshot was taken. */
  postgresAt: z.string(),
  /** Firestore's read time. */
  firestoreAt: z.string(),
  /** From the first to the second, milliseconds. Clocks of two machines. */
  skewMs: z.number(),
  /** Rows that were written between the two; null where the server does not say (`why` says). */
  changedRows: z.object({
    count: count.nullable(),
    tables: z.record(z.string(), count),
    why: z.string().nullable(),
  }),
  changedDocuments: z.object({
    count: count.nullable(),
    examples: z.array(z.string()),
    why: z.string().nullable(),
  }),
});

/** `manifest.json`: everything about a backup. Encrypted as the data are. */
export const manifestSchema = z.object({
  format: z.literal(archiveFormat),
  id: z.string(),
  postgres: postgresManifestSchema.nullable(),
  firestore: firestoreManifestSchema.nullable(),
  pairing: pairingSchema.nullable(),
});

const sourceSchema = z.object({
  /** Backups of one source are one series: retention counts them together. */
  id: z.string(),
  postgres: z.object({ database: z.string(), serverVersion: z.string() }).nullable(),
  firestore: z.object({ projectId: z.string(), databaseId: z.string() }).nullable(),
});

const encryptionSchema = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("age"), recipients: z.array(z.string()).min(1) }),
  z.object({ kind: z.literal("none") }),
]);

/** `BACKUP.json`: the commit record. It is in the clear, so it holds no data, and signed. Without it there is no backup. */
export const commitRecordSchema = z.object({
  format: z.literal(archiveFormat),
  id: z.string(),
  /** `ctb-data 0.1.0` */
  tool: z.string(),
  startedAt: instant,
  finishedAt: instant,
  source: sourceSchema,
  /** The id of the backup of this source before this one, if any. */
  previous: z.string().nullable(),
  encryption: encryptionSchema,
  /** The minisign public key, base64, whose signature lies beside. */
  signedBy: z.string(),
  pairing: z
    .object({
      skewMs: z.number(),
      changedRows: count.nullable(),
      changedDocuments: count.nullable(),
    })
    .nullable(),
  totals: z.object({
    tables: count,
    rows: count,
    documents: count,
    plainBytes: count,
    storedBytes: count,
  }),
  /** Every object of the backup but this record and its signature, by key below the backup's folder. */
  parts: z.array(partRecordSchema.pick({ key: true, sizeBytes: true, sha256: true })),
  /** The manifest's own record: it must be known to read the others. */
  manifest: partRecordSchema,
  warnings: z.array(z.string()),
});

export type Manifest = Readonly<z.infer<typeof manifestSchema>>;
export type CommitRecord = Readonly<z.infer<typeof commitRecordSchema>>;
export type Pairing = Readonly<z.infer<typeof pairingSchema>>;
