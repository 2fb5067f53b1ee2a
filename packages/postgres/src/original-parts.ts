import type { Registry, RegistryChange } from "@ctb-data/registry";
import { ChangeNames } from "./change-names.ts";

/**
 * The same changes, in which constraints and indexes that are gone are as they were before: the comparison gives them with the
 * new names of their columns.
 */
export function withOriginalParts(
  changes: readonly RegistryChange[],
  before: Registry,
): readonly RegistryChange[] {
  const names = new ChangeNames(changes);
  return changes.map((change) => {
    switch (change.kind) {
      case "unique-removed": {
        const { uniques = [] } = before.tables.get(names.tableBefore(change.table)) ?? {};
        return { ...change, constraint: named(uniques, change.constraint) };
      }
      case "check-removed": {
        const { checks = [] } = before.tables.get(names.tableBefore(change.table)) ?? {};
        return { ...change, constraint: named(checks, change.constraint) };
      }
      case "index-removed": {
        const { indexes = [] } = before.tables.get(names.tableBefore(change.table)) ?? {};
        return { ...change, index: named(indexes, change.index) };
      }
      default:
        return change;
    }
  });
}

function named<Part extends { readonly name: string }>(parts: readonly Part[], part: Part): Part {
  return parts.find(({ name }) => name === part.name) ?? part;
}
