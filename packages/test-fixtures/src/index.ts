export { FixtureError, type FixtureErrorCode, type FixtureErrorDetails } from "./fixture-error.ts";
export { createTestDatabase } from "./databases/create-test-database.ts";
export {
  openTestDatabases,
  type TestDatabases,
  type TestDatabasesOptions,
} from "./databases/open-test-databases.ts";
export type { TestDatabase, TestDatabaseOptions, TestSeed } from "./databases/test-database.ts";
export { withRollback, type RollbackSource } from "./databases/with-rollback.ts";
export { seedProject, type SeedProject } from "./seed-project.ts";
