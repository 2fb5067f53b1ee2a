import { checkIntegrity } from "../check/check-integrity.ts";
import { currentScans } from "../check/inspect-integrity.ts";
import type { IntegrityStores } from "../work-options.ts";
import type { FixOptions, FixReport } from "./fix-options.ts";
import { runFix } from "./run-fix.ts";

/**
 * Checks, fixes what has a fix, and checks again. Each finding is a step: in PostgreSQL one transaction that moves, empties or deletes
 * the rows, keeps them as they were in `ctb_data.quarantine`, and adds or validates the constraint that keeps them from coming back.
 * Documents come last, each kept before it is touched. `undoFix` puts everything back.
 *
 * @throws {IntegrityError} as `checkIntegrity`, and LOCKED, NOT_FOUND for an id of `only` that no finding has, UNKNOWN_FORMAT. A step that
 * fails is in the report; steps before it are done.
 */
export async function fixIntegrity(
  stores: IntegrityStores,
  options: FixOptions = {},
): Promise<FixReport> {
  return await runFix({ check: checkIntegrity, scans: currentScans }, stores, options);
}
