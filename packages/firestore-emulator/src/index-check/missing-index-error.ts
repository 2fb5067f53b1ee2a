import { formatFieldPath } from "../name/field-path.ts";
import { RpcError } from "../rpc-error.ts";
import { shortFields, singleField } from "./complete-index.ts";
import { encodeIndex } from "./encode-index.ts";
import type { FieldMode, Index, IndexField } from "./index-set.ts";
import type { MissingIndex } from "./missing-index.ts";

const severalRangesText = ` .
The query contains range and inequality filters on multiple fields, please refer to the documentation for index selection best practices: https://cloud.google.com/firestore/docs/query-data/multiple-range-fields.`;

/**
 * The refusal of a query for want of an index, word for word as the service has it.
 *
 * @param database `projects/p/databases/d`.
 * @param planOnly whether the query was only to be explained and not to be run, to which the service says less.
 */
export function missingIndexError(
  database: string,
  { index, severalRanges }: MissingIndex,
  planOnly = false,
): RpcError {
  if (planOnly) return new RpcError("FAILED_PRECONDITION", "no matching index found.");
  const single = singleField(index);
  if (index.fields.some(({ mode }) => typeof mode === "object")) {
    return new RpcError("FAILED_PRECONDITION", vectorText(database, index));
  }
  if (single) return new RpcError("FAILED_PRECONDITION", singleText(database, index, single));
  const link = consoleLink(database, "create_composite", {
    ...index,
    name: `${database}/collectionGroups/${index.collectionGroup}/indexes/_`,
  });
  return new RpcError(
    "FAILED_PRECONDITION",
    `The query requires an index. You can create it here: ${link}${severalRanges ? severalRangesText : ""}`,
  );
}

function singleText(database: string, index: Index, field: IndexField): string {
  const { collectionGroup, scope } = index;
  const path = formatFieldPath(field.path);
  const link = consoleLink(database, "create_exemption", {
    name: `${database}/collectionGroups/${collectionGroup}/fields/${path}`,
    scope,
    fields: [field],
  });
  return `The query requires a ${scope}_${shortMode(field.mode)} index for collection ${collectionGroup} and field ${path}. You can create it here: ${link}`;
}

function shortMode(mode: FieldMode): string {
  return mode === "ASCENDING" ? "ASC" : mode === "DESCENDING" ? "DESC" : "CONTAINS";
}

function vectorText(database: string, { collectionGroup, scope, fields }: Index): string {
  const { project, id } = partsOf(database);
  const command = [
    "gcloud firestore indexes composite create",
    `--project=${project}`,
    ...(id === defaultId ? [] : [`--database=${id}`]),
    `--collection-group=${collectionGroup}`,
    `--query-scope=${scope}`,
    ...shortFields(fields).map(
      ({ path, mode }) => `--field-config=${fieldConfig(mode)},field-path=${formatFieldPath(path)}`,
    ),
  ].join(" ");
  return `Missing vector index configuration. Please create the required index with the following gcloud command: ${command}`;
}

function fieldConfig(mode: FieldMode): string {
  if (typeof mode === "object") {
    return `vector-config='{"dimension":"${mode.vectorDimension}","flat": "{}"}'`;
  }
  return mode === "CONTAINS" ? "array-config=CONTAINS" : `order=${mode}`;
}

function consoleLink(
  database: string,
  parameter: string,
  index: Parameters<typeof encodeIndex>[0],
): string {
  const { project, id } = partsOf(database);
  const place = id === defaultId ? "firestore" : `firestore/databases/${id}`;
  const encoded = Buffer.from(encodeIndex(index)).toString("base64url");
  return `https://console.firebase.google.com/v1/r/project/${project}/${place}/indexes?${parameter}=${encoded}`;
}

const defaultId = "(default)";

function partsOf(database: string): { readonly project: string; readonly id: string } {
  const [, project = "", , id = ""] = database.split("/");
  return { project, id };
}
