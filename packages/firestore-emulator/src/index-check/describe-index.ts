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

const modeTexts = { ASCENDING: "ASC", DESCENDING: "DESC", CONTAINS: "ARRAY_CONTAINS" } as const;

function modeText(mode: FieldMode): string {
  return typeof mode === "object" ? `VECTOR<${mode.vectorDimension}>` : modeTexts[mode];
}
