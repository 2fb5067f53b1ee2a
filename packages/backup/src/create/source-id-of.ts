/** The stores that are backed up together, by their names. */
export interface SourceNames {
  /** The PostgreSQL database. */
  readonly database?: string | undefined;
  readonly firestore?: { readonly projectId: string; readonly databaseId: string } | undefined;
}

/** The series that backups of these stores belong to unless it is given: `postgres:app+firestore:my-project/(default)`. */
export function sourceIdOf({ database, firestore }: SourceNames): string {
  const names = [
    ...(database === undefined ? [] : [`postgres:${database}`]),
    ...(firestore === undefined
      ? []
      : [`firestore:${firestore.projectId}/${firestore.databaseId}`]),
  ];
  return names.join("+");
}
