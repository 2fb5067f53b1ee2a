import { generatedHeader } from "@ctb-data/models";
import type { Registry } from "@ctb-data/registry";
import { rulesOf } from "./document-rules.ts";
import { ruledCollection, ruledTable } from "./ruled-documents.ts";

/**
 * The text of `firestore.rules`. Closed: an app may do what the registry says under `access`, and may write what fits
 * the registry. What rules cannot say is left to the models.
 */
export function firestoreRules(registry: Registry): string {
  const documents = [
    ...[...registry.tables.values()].flatMap((table) => ruledTable(table) ?? []),
    ...[...registry.collections.values()].map(ruledCollection),
  ];
  const blocks = [
    ...documents.map(rulesOf),
    [
      "// What no rule above allows is denied. Servers with credentials of the project are not bound by rules.",
      "match /{path=**} {",
      "  allow read, write: if false;",
      "}",
    ],
  ];
  return `${generatedHeader("firestore", "//")}
rules_version = '2';

service cloud.firestore {
  match /databases/{database}/documents {
${blocks.map((lines) => lines.map((line) => (line === "" ? "" : `    ${line}`)).join("\n")).join("\n\n")}
  }
}
`;
}
