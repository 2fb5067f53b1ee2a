import { z } from "zod";
import { firestoreTypes } from "./document-types.ts";
import { description, elsewhere, meta, name, oneOf } from "./schema-parts.ts";

/* The part of a registry file that is about documents. The JSON Schema is generated from it, as from registry-schema.ts. */

const firestoreType = z.enum(firestoreTypes);

/** A field of a document, in its long form. */
export const documentFieldSchema = z.object({
  column: name
    .optional()
    .describe("The column that it holds. Without one the field is the document's own."),
  type: firestoreType.optional(),
  required: z.boolean().optional().describe("Of an own field: it is never missing."),
  description: description.optional(),
});

const documentFields = z.record(
  z.string(),
  z.union(
    [name, documentFieldSchema],
    oneOf("must be a column, a Firestore type, or a map of column or type"),
  ),
);

const audience = z.enum(["none", "owner", "signed_in"]);

const access = z
  .object({
    read: audience.optional(),
    write: audience.optional().describe("Short for create, update and delete."),
    create: audience.optional(),
    update: audience.optional(),
    delete: audience.optional(),
  })
  .describe(
    "Who may do what from apps, by the generated firestore.rules: none unless named. Servers may do everything.",
  );

/** A field of an index of documents, in its long form. */
export const documentIndexPartSchema = z.object({
  field: name.describe("A field of the document, or a path into a map: metadata.kind."),
  order: z.enum(["asc", "desc"]).optional(),
  dimension: z.int().min(1).max(2048).optional().describe("Of a vector: how many numbers it has."),
});

const documentIndexPart = z.union(
  [name, documentIndexPartSchema],
  oneOf("must be a field, or a map of field, order and dimension"),
);

/** An index of documents, in its long form. */
export const documentIndexSchema = z.object({
  fields: z.union(
    [documentIndexPart, z.array(documentIndexPart).min(1)],
    oneOf("must be a list of fields"),
  ),
  scope: z
    .enum(["collection", "collection_group"])
    .optional()
    .describe("collection_group: for queries of all collections of this name."),
});

const documentIndexes = z
  .array(
    z.union(
      [name, z.array(documentIndexPart).min(1), documentIndexSchema],
      oneOf("must be a field, a list of fields or a map of fields and scope"),
    ),
  )
  .describe("Indexes that only Firestore needs; those of the table are derived.");

const owner = name.describe(
  "Where the user id of the document's owner is: a column, or a field of the document's own.",
);

const rules = {
  owner: owner.optional(),
  access: access.optional(),
  indexes: documentIndexes.optional(),
};

/** How the rows of a table look as documents. */
export const firestoreSchema = z.object({
  collection: name.optional().describe("The table's name unless named."),
  id: name
    .optional()
    .describe("The column that is the document's id: the primary key unless named."),
  fields: documentFields
    .optional()
    .describe(
      "Document field: column, or type of an own field. Other columns get the camelCase of their name.",
    ),
  omit: z.array(name).optional().describe("Columns that documents do not have."),
  ...rules,
});

/** Documents that have no table. */
export const collectionSchema = z
  .object({
    description: description.optional(),
    fields: z.record(
      z.string(),
      z.union(
        [firestoreType, documentFieldSchema.omit({ column: true })],
        oneOf("must be a Firestore type, or a map with type"),
      ),
    ),
    ...rules,
    owner: owner.describe("The field that holds the user id of the document's owner.").optional(),
    meta: meta.optional(),
  })
  .meta({ id: "collection", description: "Documents that have no table." });

/** Documents as they are checked: fields and indexes are looked at one by one. */
export const firestoreHeadSchema = firestoreSchema.extend({
  fields: elsewhere,
  indexes: elsewhere,
});
export const collectionHeadSchema = collectionSchema.extend({
  fields: elsewhere,
  indexes: elsewhere,
  meta: elsewhere,
});
