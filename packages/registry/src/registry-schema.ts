import { z } from "zod";
import {
  collectionHeadSchema,
  collectionSchema,
  documentFieldSchema,
  documentIndexPartSchema,
  documentIndexSchema,
  firestoreHeadSchema,
  firestoreSchema,
} from "./document-schema.ts";
import { description, elsewhere, meta, name, oneOf } from "./schema-parts.ts";

/*
 * The shape of a registry file. The JSON Schema is generated from it, so every key has a description for editors.
 * Objects let unknown keys pass: `unknownKeys` finds them, because one that is near to a known key is an error and
 * any other is a warning.
 */

const sql = z.string().min(1);
const stableId = name.describe(
  "Stays the same when the name changes, so that a rename is seen as one.",
);
const renamedFrom = name.describe("The name before, for one release.");
const nameList = z.union(
  [name, z.array(name).min(1)],
  oneOf("must be a column or a list of columns"),
);

const action = z
  .enum(["no action", "restrict", "cascade", "set null", "set default"])
  .describe("PostgreSQL's default is no action.");

const reference = z.object({
  table: name,
  column: name.optional().describe("The table's primary key unless it is named."),
  name: name.optional().describe("The name of the constraint."),
  on_delete: action.optional(),
  on_update: action.optional(),
});

const encryption = z.object({
  blind_index: z
    .union(
      [
        z.boolean(),
        z.object({
          column: name.optional().describe("The column that holds it: <name>_bidx unless named."),
          normalize: z.enum(["none", "trim", "lowercase"]).optional(),
          bits: z.int().min(32).max(256).optional().describe("64, or 256 when unique."),
        }),
      ],
      oneOf("must be true, false or a map of column, normalize and bits"),
    )
    .optional()
    .describe("A keyed hash beside the ciphertext, so that the column can be looked up by value."),
});

const checkRule = z.object({
  expression: sql.describe("In SQL."),
  name: name.optional().describe("The name of the constraint."),
});

/** One column. */
export const columnSchema = z
  .object({
    name: name.describe("The column's name in PostgreSQL."),
    type: name
      .optional()
      .describe(
        "A PostgreSQL type, as in varchar(255), numeric(10,2) or text[]; or an enum's name.",
      ),
    nullable: z.boolean().optional().describe("Default: true, but for primary keys and serials."),
    required: z.boolean().optional().describe("The opposite of nullable."),
    primary_key: z.boolean().optional(),
    pk: z.boolean().optional().describe("Short for primary_key."),
    default: z
      .union(
        [z.string(), z.number(), z.boolean(), z.null()],
        oneOf("must be an SQL expression, as in now() or \"'active'\""),
      )
      .optional()
      .describe("An SQL expression, as in now() or 'active' (with its quotes)."),
    unique: z.boolean().optional(),
    references: z
      .union([name, reference], oneOf("must be table.column, or a map of table and column"))
      .optional()
      .describe("table.column, or a map that also has on_delete and on_update."),
    check: z
      .union([sql, checkRule], oneOf("must be an SQL expression, or a map of name and expression"))
      .optional()
      .describe("An SQL condition that each value has to meet."),
    format: z
      .enum(["email", "url", "uri", "hostname", "ipv4", "ipv6", "phone", "slug"])
      .optional()
      .describe("Checked by the models."),
    enum: z
      .union(
        [name, z.array(z.string()).min(1)],
        oneOf("must be the name of an enum, or a list of texts"),
      )
      .optional()
      .describe("The name of an enum; or the only texts that are allowed, checked by the models."),
    min: z.number().optional().describe("The smallest number, or the shortest length of a text."),
    max: z.number().optional().describe("The largest number, or the greatest length of a text."),
    pattern: z.string().optional().describe("A regular expression (ECMAScript, not anchored)."),
    description: description.optional(),
    examples: z.array(z.unknown()).optional(),
    classification: name.optional().describe("Such as pii."),
    encrypted: z
      .union([z.boolean(), encryption], oneOf("must be true, false or a map with blind_index"))
      .optional()
      .describe("The application encrypts it; PostgreSQL holds ciphertext."),
    deprecated: z
      .union(
        [z.boolean(), name],
        oneOf("must be true, false or a text that says what to use instead"),
      )
      .optional(),
    id: stableId.optional(),
    renamed_from: renamedFrom.optional(),
    meta: meta.optional(),
  })
  .meta({ id: "column", description: "One column." });

/** A column as it is checked: free values are looked at by themselves. */
export const columnHeadSchema = columnSchema.extend({ meta: elsewhere });

const uniqueRule = z.object({
  columns: nameList,
  name: name.optional().describe("The name of the constraint."),
});

const indexPart = z.object({
  column: name.optional(),
  expression: sql.optional().describe("In SQL, as in lower(email)."),
  order: z.enum(["asc", "desc"]).optional(),
  nulls: z.enum(["first", "last"]).optional(),
  opclass: name.optional().describe("The operator class."),
});

const indexPartOrName = z.union(
  [name, indexPart],
  oneOf("must be a column, or a map of column or expression"),
);

const indexRule = z.object({
  columns: z
    .union([indexPartOrName, z.array(indexPartOrName).min(1)], oneOf("must be a list of columns"))
    .optional(),
  expression: sql.optional().describe("In SQL, as in lower(email)."),
  name: name.optional(),
  unique: z.boolean().optional(),
  method: z
    .string()
    .regex(/^[a-z_][a-z0-9_]*$/, "must be an access method such as btree, gin or gist")
    .optional()
    .describe("btree unless named: hash, gin, gist, spgist, brin …"),
  where: sql.optional().describe("The predicate of a partial index, in SQL."),
  include: nameList.optional().describe("Columns that the index only carries."),
});

const foreignKeyRule = z.object({
  columns: nameList,
  table: name,
  references: nameList.optional().describe("Columns there: of the same names unless named."),
  name: name.optional(),
  on_delete: action.optional(),
  on_update: action.optional(),
});

const tableParts = {
  columns: z.array(columnSchema),
  unique: z
    .union(
      [
        name,
        z.array(
          z.union(
            [name, z.array(name).min(1), uniqueRule],
            oneOf("must be a list of columns, or a map of columns and name"),
          ),
        ),
      ],
      oneOf("must be a list of lists of columns, as in [[a, b]]"),
    )
    .optional()
    .describe("Unique constraints, as in [[a, b]]."),
  indexes: z
    .array(
      z.union(
        [name, z.array(indexPartOrName).min(1), indexRule],
        oneOf("must be a column, a list of columns or a map"),
      ),
    )
    .optional(),
  checks: z
    .union(
      [
        sql,
        checkRule,
        z.array(
          z.union(
            [sql, checkRule],
            oneOf("must be an SQL expression, or a map of name and expression"),
          ),
        ),
      ],
      oneOf("must be a list of SQL expressions"),
    )
    .optional(),
  fk: z
    .union(
      [
        name,
        z.array(
          z.union(
            [name, foreignKeyRule],
            oneOf("must be other_table.column, or a map of columns and table"),
          ),
        ),
      ],
      oneOf("must be a list of other_table.column"),
    )
    .optional()
    .describe("Foreign keys: other_table.column, the column of the same name here."),
};

/** Columns and constraints that several tables have. */
export const mixinSchema = z
  .object({ description: description.optional(), ...tableParts })
  .meta({ id: "mixin", description: "Columns and constraints that several tables have." });

/** One table. */
export const tableSchema = z
  .object({
    description: description.optional(),
    owner: name.optional().describe("Who answers for it."),
    tags: z.array(name).optional(),
    mixins: z
      .union([name, z.array(name)], oneOf("must be a list of mixins"))
      .optional()
      .describe("Their columns come after the table's own."),
    ...tableParts,
    columns: z.array(columnSchema).min(1).optional(),
    primary_key: nameList.optional(),
    pk: nameList.optional().describe("Short for primary_key."),
    firestore: z
      .union(
        [z.boolean(), firestoreSchema],
        oneOf("must be true, false or a map of collection, id and fields"),
      )
      .optional()
      .describe("How the rows look as documents."),
    id: stableId.optional(),
    renamed_from: renamedFrom.optional(),
    meta: meta.optional(),
  })
  .meta({ id: "table", description: "One table." });

const partsElsewhere = {
  columns: elsewhere,
  unique: elsewhere,
  indexes: elsewhere,
  checks: elsewhere,
  fk: elsewhere,
};

/** A mixin or table as it is checked: columns and constraints are looked at one by one. */
export const mixinHeadSchema = mixinSchema.extend(partsElsewhere);
export const tableHeadSchema = tableSchema.extend({
  ...partsElsewhere,
  firestore: elsewhere,
  meta: elsewhere,
});

const enumValue = z.object({
  value: z.string(),
  description: description.optional(),
  deprecated: z.union([z.boolean(), name, z.record(z.string(), z.unknown())]).optional(),
});

const enumValues = z
  .array(z.union([z.string(), enumValue], oneOf("must be a text, or a map with value")))
  .min(1);

/** One enum, in its long form. */
export const enumSchema = z.object({
  values: enumValues,
  description: description.optional(),
  meta: meta.optional(),
});

/** A whole registry file. */
export const registrySchema = z
  .object({
    version: z.literal(1).optional().describe("Of this format."),
    schema: name.optional().describe("The PostgreSQL schema: public unless named."),
    enums: z
      .record(
        z.string(),
        z.union([enumValues, enumSchema], oneOf("must be a list of texts, or a map with values")),
      )
      .optional(),
    mixins: z.record(z.string(), mixinSchema).optional(),
    tables: z.record(z.string(), tableSchema).optional(),
    collections: z.record(z.string(), collectionSchema).optional(),
    meta: meta.optional(),
  })
  .describe("A column registry of ctb-data.");

/** A file as it is checked: what is in its sections is looked at one by one. */
export const registryHeadSchema = registrySchema.extend({
  version: elsewhere,
  schema: elsewhere,
  enums: elsewhere,
  mixins: elsewhere,
  tables: elsewhere,
  collections: elsewhere,
  meta: elsewhere,
});

export const enumHeadSchema = enumSchema.extend({ values: elsewhere, meta: elsewhere });

export {
  collectionHeadSchema,
  documentFieldSchema,
  documentIndexPartSchema,
  documentIndexSchema,
  firestoreHeadSchema,
  enumValue as enumValueSchema,
  foreignKeyRule as foreignKeySchema,
  indexPart as indexPartSchema,
  indexRule as indexSchema,
  reference as referenceSchema,
  checkRule as checkSchema,
  uniqueRule as uniqueSchema,
};
