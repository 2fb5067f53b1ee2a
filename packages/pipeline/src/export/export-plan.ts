import type { BlueprintOutput, ExportField, Registry } from "@ctb-data/registry";
import { compileExportMapping, type FieldMapping } from "../mapping/export-mapping.ts";
import { PipelineError } from "../pipeline-error.ts";
import type { PipelineStores } from "../work-options.ts";
import {
  chainBytes,
  formatBytes,
  jsonScalarBytes,
  plainBytes,
  type ByteRule,
} from "./byte-rule.ts";
import { copyLayout } from "./copy-layout.ts";
import { csvLayout } from "./csv-layout.ts";
import type { ExportingBlueprint } from "./export-options.ts";
import {
  columnOf,
  exportQueryOf,
  indexOfSource,
  tableOf,
  type ExportQuery,
  type ExportSource,
} from "./export-query.ts";
import type { FieldPlan } from "./field-writer.ts";
import { fixedWidthLayout } from "./fixed-width-layout.ts";
import { ndjsonLayout } from "./ndjson-layout.ts";
import type { RecordLayout } from "./value-encoder.ts";

/** All of an export that is known before a row is read. */
export interface ExportPlan {
  readonly vendor: string;
  readonly registry: Registry;
  readonly query: ExportQuery;
  readonly fields: readonly FieldPlan[];
  readonly layout: RecordLayout;
}

/**
 * Plans an export.
 *
 * @throws {PipelineError} INVALID_BLUEPRINT when it is not of the registry; INVALID_OPTIONS when it names encrypted columns and there is
 * no keyring.
 */
export function exportPlanOf(
  { registry, keyring }: PipelineStores,
  { vendor, export: exporting }: ExportingBlueprint,
): ExportPlan {
  const fields = [...exporting.fields.values()];
  const sources = fields.map((field) => sourceOf(field, registry));
  const secrets = sources.filter((source) => source?.column.encryption !== undefined);
  if (secrets.length > 0 && keyring === undefined) throw noKeyring(vendor, secrets);
  const query = exportQueryOf(
    exporting,
    registry,
    sources.filter((source) => source !== undefined),
  );
  const mappings = compileExportMapping(exporting, registry, keyring);
  return {
    vendor,
    registry,
    query,
    fields: mappings.map((mapping, index) => planOf(mapping, sources[index], query)),
    layout: layoutOf(exporting.output, fields),
  };
}

/** What the server is asked for. Steps into jsonb are its own: the rest of the document then need not come. */
function sourceOf({ origin }: ExportField, registry: Registry): ExportSource | undefined {
  if (origin.kind === "constant") return undefined;
  const table = tableOf(registry, origin.table ?? "");
  const column = columnOf(table, origin.column);
  if (column.blindIndexOf !== undefined)
    throw new PipelineError(
      "INVALID_BLUEPRINT",
      `${table.name}.${column.name} is a blind index and never leaves the database.`,
      { hint: `Export ${table.name}.${column.blindIndexOf} itself.` },
    );
  const isServers = column.type.name === "jsonb" && column.encryption === undefined;
  return { table, column, path: isServers ? origin.path : [] };
}

function planOf(
  mapping: FieldMapping,
  source: ExportSource | undefined,
  query: ExportQuery,
): FieldPlan {
  const { field, make, makeAtPath, isEncrypted } = mapping;
  return {
    name: field.name,
    source: source === undefined ? undefined : indexOfSource(query, source),
    make: source !== undefined && source.path.length > 0 ? makeAtPath : make,
    byteRule: source === undefined ? undefined : byteRuleOf(mapping, source),
    isSecret: isEncrypted,
  };
}

/** Only where it is certain that the rule of texts makes the same: the tests compare the two. */
function byteRuleOf(
  { field, isSame, isEncrypted }: FieldMapping,
  { column, path }: ExportSource,
): ByteRule | undefined {
  if (isSame) return plainBytes(undefined);
  const { type } = column;
  const isPlainText = field.type.kind === "text" && field.type.dimensions === 0;
  if (isEncrypted || !isPlainText || type.dimensions > 0) return undefined;
  if (field.values !== undefined || field.trim) return undefined;
  const { format } = field;
  const inJson = type.kind === "json";
  if (format?.kind === "date" && !["date", "timestamp", "timestamptz"].includes(type.kind))
    return undefined;
  if (inJson && path.length === 0) return undefined;
  if (!inJson && type.kind !== "text" && format === undefined) return undefined;
  const steps = [
    ...(inJson ? [jsonScalarBytes] : []),
    ...(format === undefined ? [] : [formatBytes(format)]),
    plainBytes(field.type.length),
  ];
  return steps.every((step) => step !== undefined) ? chainBytes(steps) : undefined;
}

function layoutOf(output: BlueprintOutput, fields: readonly ExportField[]): RecordLayout {
  switch (output.format) {
    case "csv":
      return csvLayout(
        output,
        fields.map(({ name }) => name),
      );
    case "ndjson":
      return ndjsonLayout(fields);
    case "fixed-width":
      return fixedWidthLayout(output, fields);
    case "table":
    default:
      return copyLayout(fields.length);
  }
}

function noKeyring(vendor: string, secrets: readonly (ExportSource | undefined)[]): PipelineError {
  const names = secrets.flatMap((source) =>
    source === undefined ? [] : [`${source.table.name}.${source.column.name}`],
  );
  return new PipelineError(
    "INVALID_OPTIONS",
    `The blueprint of ${vendor} exports encrypted columns (${[...new Set(names)].join(", ")}), and no keyring was given.`,
    { hint: "Set DATA_ENCRYPTION_KEY." },
  );
}
