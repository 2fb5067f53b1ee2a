import { openScratchServer } from "@ctb-data/postgres/scratch";
import { asFixtureErrors } from "./databases/as-fixture-error.ts";
import { heldServerVariable, serverPlaceOf } from "./databases/server-place.ts";

/**
 * Holds the server for a whole test run, so that it does not end and start again between test files, and drops what killed runs have left behind.
 * In a `vitest.config.ts`: `test: { globalSetup: ["@ctb-data/test-fixtures/setup"] }`. It returns the teardown. Other runners call
 * both from the process that starts the others.
 *
 * @throws {FixtureError} NO_SERVER, DATABASE_FAILED.
 */
export async function setup(): Promise<() => Promise<void>> {
  const place = serverPlaceOf();
  const server = await asFixtureErrors(async () => {
    const opened = await openScratchServer(place);
    await opened.sweep();
    return opened;
  });
  // Whoever is started from now on finds it there.
  const held = place.url === undefined;
  if (held) process.env[heldServerVariable] = server.url;
  return async () => {
    if (held) delete process.env[heldServerVariable];
    await asFixtureErrors(async () => {
      await server.sweep();
      await server.close();
    });
  };
}
