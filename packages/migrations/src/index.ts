export { baseline } from "./baseline.ts";
export {
  createMigration,
  type CreatedMigration,
  type CreateMigrationOptions,
} from "./create-migration.ts";
export { loadMigrations, type LoadedMigrations } from "./load-migrations.ts";
export { migrateUp } from "./migrate-up.ts";
export {
  MigrationError,
  type MigrationErrorCode,
  type MigrationErrorDetails,
  type MigrationProblem,
} from "./migration-error.ts";
export type * from "./migration-file.ts";
export { migrationLock } from "./migration-lock.ts";
export { migrationStatus } from "./migration-status.ts";
export { parseMigration } from "./parse-migration.ts";
export { repair } from "./repair.ts";
export { retry } from "./retry.ts";
export { rollback } from "./rollback.ts";
export type * from "./run-options.ts";
export { readSeedMigrations, type SeedFile } from "./seed-migrations.ts";
export { verifyMigrations } from "./verify-migrations.ts";
