import type { Registry } from "@ctb-data/registry";
import type { Finding, FindingKind, FixStrategy, PlannedFix } from "../finding.ts";
import { emptiesTo } from "./may-be-empty.ts";

const quarantine = "ctb_data.quarantine";

/**
 * What `repairDocuments` would do about a finding. Undefined where it can do nothing: without PostgreSQL, for ciphertexts, and for what
 * is not about documents.
 */
export function planDocumentFix(
  finding: Finding,
  {
    strategy,
    registry,
    hasPostgres,
  }: {
    readonly strategy: FixStrategy;
    readonly registry: Registry;
    /** Where documents are kept as they were. */
    readonly hasPostgres: boolean;
  },
): PlannedFix | undefined {
  const { kind, collection = "", table = "", field = "", count } = finding;
  if (!hasPostgres) return undefined;
  const documents = `${count.toLocaleString("en-US")} document${count === 1 ? "" : "s"} of ${collection}`;
  const rows = count === 1 ? "its row" : "their rows";
  if (kind === "document_without_row") return removal(documents, strategy, false);
  if (kind === "invalid_document") return removal(documents, strategy, table !== "");
  if (kind === "row_without_document")
    return planned(
      `Writes ${documents} from ${rows} of ${table}.`,
      `writes ${documents} from ${rows}`,
    );
  if (kind === "different_field")
    return planned(
      `Writes ${field} of ${documents} from ${rows} of ${table}.`,
      `sets ${field} of ${documents} to what ${rows} of ${table} ${count === 1 ? "has" : "have"}`,
    );
  if (kind !== "dangling_document") return undefined;
  return strategy === "set-null" && isClearable(finding, registry)
    ? planned(`Empties ${field} in ${documents}.`, `sets ${field} of ${documents} to null`)
    : removal(documents, strategy, table !== "");
}

/** What a person can do about a finding that has no fix. */
export function documentAdvice({
  kind,
  collection = "",
  field = "",
  table = "",
}: Finding): string | undefined {
  if (kind === "unknown_key")
    return "Append the key to DATA_ENCRYPTION_KEY, behind the newest one.";
  const again = `Save the rows of ${table} to ${collection} again`;
  if (kind === "clear_text") return `${again}: that encrypts ${field}.`;
  if (kind === "undecryptable") return `${again}, or restore the documents from a backup.`;
  return mended.has(kind)
    ? "Documents are mended with PostgreSQL, which keeps them as they were: give its URL."
    : undefined;
}

const mended: ReadonlySet<FindingKind> = new Set([
  "invalid_document",
  "document_without_row",
  "row_without_document",
  "different_field",
  "dangling_document",
]);

function isClearable({ collection = "", field = "" }: Finding, registry: Registry): boolean {
  return field.split(", ").some((name) => emptiesTo(registry, collection, name) !== undefined);
}

/** @param again whether some of them may have a row. */
function removal(documents: string, strategy: FixStrategy, again: boolean): PlannedFix {
  const verb =
    strategy === "delete" ? `Deletes ${documents}` : `Moves ${documents} to ${quarantine}`;
  return again
    ? planned(
        `${verb}; where there is a row, the document is written anew from it.`,
        `deletes ${documents}, or sets them to what their rows say`,
      )
    : planned(`${verb}.`, `deletes ${documents}`);
}

function planned(summary: string, act: string): PlannedFix {
  return {
    summary,
    statements: [
      `-- keeps the documents as they are in ${quarantine}`,
      `-- Firestore, in batches, each document under the condition that it is still as it was read: ${act}`,
    ],
  };
}
