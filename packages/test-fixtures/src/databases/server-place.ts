import { scratchFolder, type ServerPlace } from "@ctb-data/postgres/scratch";
import type { TestDatabaseOptions } from "./test-database.ts";

/** Where `setup` of a test run leaves the server that it holds for the processes of the run. */
export const heldServerVariable = "CTB_DATA_TEST_SERVER";

/** Options, then the environment, then an embedded server of the project. */
export function serverPlaceOf({
  url,
  dataDir,
}: Pick<TestDatabaseOptions, "url" | "dataDir"> = {}): ServerPlace {
  if (url !== undefined) return { url };
  if (dataDir !== undefined) return { dataDir };
  const given = variable("TEST_DATABASE_URL") ?? variable(heldServerVariable);
  if (given !== undefined) return { url: given };
  return { dataDir: variable("TEST_DATABASE_DIR") ?? scratchFolder(process.cwd()) };
}

/** Where Firestore projects are made; undefined for an emulator in this process. */
export function emulatorHostOf({
  emulatorHost,
}: Pick<TestDatabaseOptions, "emulatorHost">): string | undefined {
  return emulatorHost ?? variable("FIRESTORE_EMULATOR_HOST");
}

/** An empty variable is one that was not given. */
function variable(name: string): string | undefined {
  const value = process.env[name];
  return value === "" ? undefined : value;
}
