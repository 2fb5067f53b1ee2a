import type { Registry, RegistryChange } from "@ctb-data/registry";
import { changeNotes } from "./change-notes.ts";
import { ChangePlan } from "./change-plan.ts";
import { invertChanges } from "./invert-changes.ts";
import { withOriginalParts } from "./original-parts.ts";
import { script } from "./statements.ts";

/** Two scripts that take a database from one registry to another and back. */
export interface ChangesSql {
  readonly up: string;
  readonly down: string;
  /** What a person should know before running them: data that would be lost, long locks, what cannot be undone. */
  readonly notes: readonly string[];
}

/**
 * The SQL for what `diffRegistries(before, after)` found. Both scripts run in one transaction each, and are empty when
 * nothing in the database changes.
 */
export function changesSql(
  changes: readonly RegistryChange[],
  { before, after }: { readonly before: Registry; readonly after: Registry },
): ChangesSql {
  const exact = withOriginalParts(changes, before);
  const up = new ChangePlan(exact, { before, after });
  const down = new ChangePlan(invertChanges(exact), { before: after, after: before });
  return {
    up: script(up.statements()),
    down: script(down.statements()),
    notes: changeNotes(changes),
  };
}
