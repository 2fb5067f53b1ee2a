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
    if (!("table" in change) || typeof change.table !== "string") return change;
    const table = before.tables.get(names.tableBefore(change.table));
    if (change.kind === "unique-removed") {
      return { ...change, constraint: named(table?.uniques ?? [], change.constraint) };
    }
    if (change.kind === "check-removed") {
      return { ...change, constraint: named(table?.checks ?? [], change.constraint) };
    }
    if (change.kind === "index-removed") {
      return { ...change, index: named(table?.indexes ?? [], change.index) };
    }
    return change;
  });
}

function named<Part extends { readonly name: string }>(parts: readonly Part[], part: Part): Part {
  return parts.find(({ name }) => name === part.name) ?? part;
}
