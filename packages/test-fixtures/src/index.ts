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
export type { Edge } from "./factories/column-maker.ts";
export type { WritableDatabase } from "./factories/create-rows.ts";
export type { MadeDocument } from "./factories/document-maker.ts";
export type { EachOverrides, Factory, Overrides } from "./factories/factory.ts";
export { fixturesFor, type DocumentFactory, type Fixtures } from "./factories/fixtures-for.ts";
export type { FixtureOptions } from "./factories/workshop.ts";
export { seedDatabase } from "./seed/seed-database.ts";
export type { SeedOptions, SeedProgress, SeedResult } from "./seed/seed-options.ts";
