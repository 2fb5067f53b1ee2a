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
  switch (change.kind) {
    case "table-added":
    case "table-removed":
      return { ...change, kind: opposite[change.kind] };
    case "enum-added":
    case "enum-removed":
      return { ...change, kind: opposite[change.kind] };
    case "column-added":
    case "column-removed":
      return { ...change, kind: opposite[change.kind] };
    case "unique-added":
    case "unique-removed":
      return { ...change, kind: opposite[change.kind] };
    case "check-added":
    case "check-removed":
      return { ...change, kind: opposite[change.kind] };
    case "foreign-key-added":
    case "foreign-key-removed":
      return { ...change, kind: opposite[change.kind] };
    case "index-added":
    case "index-removed":
      return { ...change, kind: opposite[change.kind] };
    default:
      return invertPair(change);
  }
}

type Paired = Exclude<RegistryChange, { readonly kind: keyof typeof opposite }>;

function invertPair(change: Paired): RegistryChange {
  switch (change.kind) {
    case "table-renamed":
    case "column-renamed":
    case "constraint-renamed":
    case "index-renamed":
      return { ...change, from: change.to, to: change.from };
    case "enum-changed":
      return { ...change, before: change.after, after: change.before, added: [], removed: change.added.map(({ value }) => value) };
    case "schema-changed":
      return { ...change, before: change.after, after: change.before };
    case "column-changed":
      return { ...change, before: change.after, after: change.before };
    case "primary-key-changed": {
      const { before, after, ...rest } = change;
      return { ...rest, ...(after && { before: after }), ...(before && { after: before }) };
    }
    case "documents-changed":
    case "collection-changed":
      return change;
  }
}
