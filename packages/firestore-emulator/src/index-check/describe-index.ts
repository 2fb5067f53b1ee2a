import { formatFieldPath } from "../name/field-path.ts";
import type { Struct } from "../protocol/messages.ts";
import { completeFields } from "./complete-index.ts";
import type { FieldMode, Index } from "./index-set.ts";

/** An index as the plan of an explained query names it. */
export function describeIndex({ scope, fields }: Index): Struct {
  const properties = completeFields(fields)
    .map(({ path, mode }) => `${formatFieldPath(path)} ${modeText(mode)}`)
    .join(", ");
  return {
    fields: {
      query_scope: { stringValue: scope === "COLLECTION" ? "Collection" : "Collection group" },
      properties: { stringValue: `(${properties})` },
    },
  };
}

function modeText(mode: FieldMode): string {
  if (typeof mode === "object") return `VECTOR<${mode.vectorDimension}>`;
  switch (mode) {
    case "ASCENDING":
      return "ASC";
    case "DESCENDING":
      return "DESC";
    case "CONTAINS":
      return "ARRAY_CONTAINS";
  }
}
