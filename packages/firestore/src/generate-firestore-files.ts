import type { GeneratedFile } from "@ctb-data/models";
import type { Registry } from "@ctb-data/registry";
import { firestoreIndexes } from "./firestore-indexes.ts";
import { firestoreRules } from "./firestore-rules.ts";

/**
 * `firestore.indexes.json` and `firestore.rules`, as `firebase deploy` takes them. The same registry gives the same
 * bytes. The types of the documents are among the files of `generateModels`.
 */
export function generateFirestoreFiles(registry: Registry): readonly GeneratedFile[] {
  return [
    { path: "firestore.indexes.json", content: firestoreIndexes(registry) },
    { path: "firestore.rules", content: firestoreRules(registry) },
  ];
}
