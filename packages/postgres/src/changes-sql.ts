import type { Registry } from "@ctb-data/registry";

/** Two scripts that take a database from one registry to another and back. */
export interface ChangesSql {
  readonly up: string;
  readonly down: string;
  /** What a person should know before running them: data that would be lost, long locks, what cannot be undone. */
  readonly notes: readonly string[];
}

/** The SQL for what `diffRegistries(before, after)` found. Both scripts are empty for no changes. */
export function changesSql(
  changes: readonly unknown[],
  registries: { readonly before: Registry; readonly after: Registry },
): ChangesSql {
  throw new Error(`not yet: ${changes.length} ${registries.after.schema}`);
}
