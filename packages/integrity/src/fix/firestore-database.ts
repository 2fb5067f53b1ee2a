import type { Firestore } from "@ctb-data/firestore";

/** `projects/<project>/databases/<database>`: what no other database has. */
export function databaseOf({
  projectId,
  databaseId,
}: Pick<Firestore, "projectId" | "databaseId">): string {
  return `projects/${projectId}/databases/${databaseId}`;
}
