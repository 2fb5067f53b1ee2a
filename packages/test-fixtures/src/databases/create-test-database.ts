import { openTestDatabases } from "./open-test-databases.ts";
import type { TestDatabase, TestDatabaseOptions } from "./test-database.ts";

/**
 * Makes one database with the schema of a project, for a test or a test file: a copy of a template that is migrated once for the same
 * files, by whatever process comes first. It is dropped by `close()`; when the process is killed, by the next run. Many
 * workers and several machines may do this on one server.
 *
 * @throws {FixtureError} INVALID_OPTIONS, NO_SERVER, MIGRATION_FAILED (with file and line) or DATABASE_FAILED.
 *
 * @example
 * await using database = await createTestDatabase({ registry: "db/registry", migrations: "migrations" });
 * await database.db.table("clients").insert({ name: "Ada" });
 */
export async function createTestDatabase(options: TestDatabaseOptions): Promise<TestDatabase> {
  const databases = await openTestDatabases(options);
  try {
    const database = await databases.create();
    const close = async (): Promise<void> => {
      await databases.close();
    };
    return { ...database, close, [Symbol.asyncDispose]: close };
  } catch (error) {
    await databases.close().catch(() => {});
    throw error;
  }
}
