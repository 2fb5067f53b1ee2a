import type { Firestore } from "@ctb-data/firestore";

/** What is needed of an opened Firestore, whatever its documents. */
export type FirestoreStore = Pick<Firestore, "description" | "projectId" | "databaseId" | "raw">;
