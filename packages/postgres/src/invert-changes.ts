import type { RegistryChange } from "@ctb-data/registry";
import { ChangeNames } from "./change-names.ts";

/** The changes that lead back. Names of tables become those of before. */
export function invertChanges(changes: readonly RegistryChange[]): readonly RegistryChange[] {
  const names = new ChangeNames(changes);
  return changes.map((change) => {
    const inverse = invert(change);
    if (inverse.kind === "table-added" || inverse.kind === "table-removed") return inverse;
    return "table" in inverse ? { ...inverse, table: names.tableBefore(inverse.table) } : inverse;
  });
}

const opposite = {
  "table-added": "table-removed",
  "table-removed": "table-added",
  "enum-added": "enum-removed",
  "enum-removed": "enum-added",
  "column-added": "column-removed",
  "column-removed": "column-added",
  "unique-added": "unique-removed",
  "unique-removed": "unique-added",
  "check-added": "check-removed",
  "check-removed": "check-added",
  "foreign-key-added": "foreign-key-removed",
  "foreign-key-removed": "foreign-key-added",
  "index-added": "index-removed",
  "index-removed": "index-added",
} as const;

function invert(change: RegistryChange): RegistryChange {
  if (change.kind === "table-added" || change.kind === "table-removed") {
    return { ...change, kind: opposite[change.kind] };
  }
  if (change.kind === "enum-added" || change.kind === "enum-removed") {
    return { ...change, kind: opposite[change.kind] };
  }
  if (change.kind === "column-added" || change.kind === "column-removed") {
    return { ...change, kind: opposite[change.kind] };
  }
  return invertPart(change) ?? invertPair(change);
}

/** Of a table's constraints and indexes. */
function invertPart(change: RegistryChange): RegistryChange | undefined {
  if (change.kind === "unique-added" || change.kind === "unique-removed") {
    return { ...change, kind: opposite[change.kind] };
  }
  if (change.kind === "check-added" || change.kind === "check-removed") {
    return { ...change, kind: opposite[change.kind] };
  }
  if (change.kind === "foreign-key-added" || change.kind === "foreign-key-removed") {
    return { ...change, kind: opposite[change.kind] };
  }
  if (change.kind === "index-added" || change.kind === "index-removed") {
    return { ...change, kind: opposite[change.kind] };
  }
  return undefined;
}

/** What has two sides has them the other way round. */
function invertPair(change: RegistryChange): RegistryChange {
  if ("from" in change) return { ...change, from: change.to, to: change.from };
  if (change.kind === "enum-changed") {
    const removed = change.added.map(({ value }) => value);
    return { ...change, before: change.after, after: change.before, added: [], removed };
  }
  if (change.kind === "primary-key-changed") {
    const { before, after, ...rest } = change;
    return { ...rest, ...(after && { before: after }), ...(before && { after: before }) };
  }
  if (change.kind === "column-changed") {
    return { ...change, before: change.after, after: change.before };
  }
  return change.kind === "schema-changed"
    ? { ...change, before: change.after, after: change.before }
    : change;
}
