import { z } from "zod";
import { partRecordSchema } from "./part-record-schema.ts";

const count = z.number().int().nonnegative();

/** Documents of one root collection, with everything below them, in the order of their names. */
const documentPartSchema = partRecordSchema.extend({
  /** The root collection. */
  collection: z.string(),
  documents: count,
  /** Path of the first and of the last document, below the database: `clients/42`. Null in a part without any. */
  first: z.string().nullable(),
  last: z.string().nullable(),
});

export const firestoreManifestSchema = z.object({
  projectId: z.string(),
  databaseId: z.string(),
  /** Everything is as it was then: RFC 3339, UTC. */
  readTime: z.string(),
  documents: count,
  /** How many documents each collection has, by the path of collection ids: `clients`, `clients/notes`. */
  collections: z.record(z.string(), count),
  /** Documents that are not there but have something below them. */
  missingParents: count,
  parts: z.array(documentPartSchema),
  /** `firestore.indexes.json` and `firestore.rules`, as they were given. */
  files: z.array(partRecordSchema.extend({ name: z.string() })),
  /** Documents that were changed between the other store's moment and the read time; `why` says what is not known. */
  changed: z.object({
    count: count.nullable(),
    examples: z.array(z.string()),
    why: z.string().nullable(),
  }),
  warnings: z.array(z.string()),
});

export type FirestoreManifest = Readonly<z.infer<typeof firestoreManifestSchema>>;
