import { z } from "zod";

/* The shape of a vendor blueprint file, as `registry-schema.ts` is that of a registry. */

const oneOf = (message: string) => ({ error: message });
const name = z.string().min(1);
const scalar = z.union(
  [z.string(), z.number(), z.boolean(), z.null()],
  oneOf("must be a text, a number, true, false or null"),
);
const elsewhere = z.unknown().optional();
const nameList = z.union([name, z.array(name).min(1)], oneOf("must be a name or a list of names"));

const numberFormat = z.object({
  digits: z
    .int()
    .min(1)
    .max(100)
    .optional()
    .describe("Leading zeros make up so many digits before the decimal mark."),
  decimals: z
    .int()
    .min(0)
    .max(100)
    .optional()
    .describe("Exactly so many behind it; more are rejected, never rounded."),
  decimal_mark: z.enum([".", ",", ""]).optional().describe("Empty: the decimals are implied."),
  group_mark: z.enum(["", ",", ".", " "]).optional(),
});

const padFormat = z.object({
  pad: z.int().min(1).max(10_000).describe("The length in characters."),
  fill: z.string().min(1).optional(),
  side: z.enum(["left", "right"]).optional().describe("Where it is filled up: left unless named."),
});

const dateFormat = z.object({ date: name.describe("As in YYYYMMDD or DD.MM.YYYY HH:mm:ss.") });

const format = z.union(
  [name, dateFormat, padFormat, numberFormat],
  oneOf(
    "must be upper, lower, a date pattern, or a map of digits and decimals, of pad, or of date",
  ),
);

const rule = {
  from: name.optional().describe("Where the value comes from."),
  path: name.optional().describe("Into a JSON value, as in policy.numbers[0]."),
  constant: scalar.optional(),
  required: z.boolean().optional().describe("A record without a value here is rejected."),
  default: scalar.optional().describe("Instead of a missing value or null."),
  values: z.record(z.string(), scalar).optional().describe("Source value: target value."),
  otherwise: z
    .union(
      [z.enum(["keep", "reject"]), z.object({ value: scalar })],
      oneOf("must be keep, reject or a map with value"),
    )
    .optional()
    .describe("For a source value that is not among them: reject unless named."),
  format: format.optional(),
  trim: z.boolean().optional(),
  description: z.string().optional(),
};

const intakeRule = z.object({
  ...rule,
  column: name.optional().describe("The canonical column."),
  lookup: name
    .optional()
    .describe(
      "Of a column with a foreign key: the values are those of this unique column of the other table.",
    ),
});

const exportRule = z.object({
  ...rule,
  name: name.optional().describe("The vendor's name for it."),
  type: name.optional().describe("The vendor's type, as PostgreSQL spells it."),
  width: z.int().min(1).max(100_000).optional().describe("Fixed-width only: in characters."),
  align: z.enum(["left", "right"]).optional(),
  fill: z.string().optional(),
});

const delimiter = z
  .string()
  .regex(/^[^"\r\n]$/u, "must be one character that is no quote and no line end");

const intake = z.object({
  format: z.enum(["csv", "json", "ndjson"]).optional().describe("csv unless named."),
  delimiter: delimiter.optional(),
  table: name.describe("The canonical table."),
  collection: name
    .optional()
    .describe("Holds the records until they are promoted: <table>_intake unless named."),
  key: nameList.describe("The source columns that tell one record from another."),
  columns: z
    .union(
      [
        z.record(
          z.string(),
          z.union([name, intakeRule], oneOf("must be a source column or a map")),
        ),
        z.array(intakeRule),
      ],
      oneOf("must be a map of canonical columns"),
    )
    .describe("Canonical column: source column, or a map of from, values, format …"),
});

const outputRule = z.object({
  format: z.enum(["csv", "ndjson", "fixed-width", "table"]),
  delimiter: delimiter.optional(),
  header: z.boolean().optional(),
  quote: z.enum(["needed", "always"]).optional(),
  line_end: z.enum(["lf", "crlf"]).optional(),
  table: name.optional().describe("Of the format table: its name."),
});

const joined = z.object({
  table: name,
  via: name.optional().describe("The column that references it."),
});

const exporting = z.object({
  source: z
    .union(
      [
        name,
        z
          .array(z.union([name, joined], oneOf("must be a table, or a map of table and via")))
          .min(1),
      ],
      oneOf("must be a table or a list of tables"),
    )
    .describe("One record per row of the first table; the others are reached by foreign keys."),
  output: z
    .union(
      [z.enum(["csv", "ndjson", "fixed-width"]), outputRule],
      oneOf("must be csv, ndjson, fixed-width or a map with format"),
    )
    .optional()
    .describe("csv unless named."),
  where: z
    .record(
      z.string(),
      z.union(
        [scalar, z.array(scalar).min(1)],
        oneOf("must be a text, a number, true, false, null or a list of them"),
      ),
    )
    .optional()
    .describe("Column: the value that it must have, or a list of them. All rows unless named."),
  order_by: nameList.optional().describe("The primary key of the first table unless named."),
  fields: z
    .union(
      [
        z.record(z.string(), z.union([name, exportRule], oneOf("must be a column or a map"))),
        z.array(exportRule),
      ],
      oneOf("must be a list of fields, or a map of them by name"),
    )
    .describe("The vendor's fields, in the vendor's order."),
});

/** A whole vendor blueprint file. */
export const blueprintSchema = z
  .object({
    vendor: name,
    version: z.union([name, z.number()], oneOf("must be a text or a number")),
    description: z.string().optional(),
    intake: intake.optional().describe("From a vendor's file into a canonical table."),
    export: exporting.optional().describe("From canonical tables to the vendor."),
    meta: z.record(z.string(), z.unknown()).optional(),
  })
  .describe("How one vendor's records map to the canonical tables.");

/** The parts as they are checked: what is in them is looked at one by one. */
export const blueprintHeadSchema = blueprintSchema.extend({
  intake: elsewhere,
  export: elsewhere,
  meta: elsewhere,
});
export const intakeHeadSchema = intake.extend({ columns: elsewhere, key: elsewhere });
export const exportHeadSchema = exporting.extend({
  source: elsewhere,
  fields: elsewhere,
  where: elsewhere,
});
export const intakeRuleSchema = intakeRule.extend({ values: elsewhere, format: elsewhere });
export const exportRuleSchema = exportRule.extend({ values: elsewhere, format: elsewhere });
export {
  dateFormat as dateFormatSchema,
  joined as joinSchema,
  numberFormat as numberFormatSchema,
  padFormat as padFormatSchema,
};
