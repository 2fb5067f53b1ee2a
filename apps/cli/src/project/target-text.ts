import type { StoreTarget } from "../backup/open-backup-stores.ts";

/** A store as people are asked about it. */
export function targetText({ store, name, description }: StoreTarget): string {
  return store === "postgres"
    ? `the PostgreSQL database ${name} (${description})`
    : `the Firestore of the project ${name} (${description})`;
}
