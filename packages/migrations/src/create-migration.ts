export interface CreateMigrationOptions {
  /** The folder; made when it does not exist. */
  readonly dir: string;
  /** Words or a slug: `add user roles table`. */
  readonly name: string;
  /** The statements of the up file, without BEGIN and COMMIT. Default: a comment to fill in. */
  readonly up?: string;
  readonly down?: string;
  /** False writes `-- Transaction: none` and no BEGIN and COMMIT. Default true. */
  readonly transaction?: boolean;
  /** Why there is no way back; then no down file is written. */
  readonly irreversible?: string;
  /** For the `Created` header. Default: now. */
  readonly now?: Date;
}

export interface CreatedMigration {
  readonly version: number;
  /** `005_add_user_roles_table` */
  readonly name: string;
  /** Paths: `dir` joined with the file names. */
  readonly up: string;
  readonly down?: string;
}

export async function createMigration(_options: CreateMigrationOptions): Promise<CreatedMigration> {
  await Promise.reject(new Error("not yet"));
  throw new Error("not yet");
}
