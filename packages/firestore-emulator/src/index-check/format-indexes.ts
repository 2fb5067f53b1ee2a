import { formatFieldPath, type FieldPath } from "../name/field-path.ts";
import { shortFields } from "./complete-index.ts";
import type { FieldMode, IndexSet } from "./index-set.ts";

/** The text of a `firestore.indexes.json`, as `firebase deploy` reads it. */
export function formatIndexes({ composites, overrides }: IndexSet): string {
  const file = {
    indexes: composites.map(({ collectionGroup, scope, fields }) => ({
      collectionGroup,
      queryScope: scope,
      fields: shortFields(fields).map(({ path, mode }) => ({
        fieldPath: formatFieldPath(path),
        ...configOf(mode),
      })),
    })),
    fieldOverrides: overrides.map(({ collectionGroup, path, indexes, ttl }) => ({
      collectionGroup,
      fieldPath: overridePath(path),
      ...(ttl === undefined ? {} : { ttl }),
      indexes: indexes.map(({ scope, mode }) => ({ ...configOf(mode), queryScope: scope })),
    })),
  };
  return `${JSON.stringify(file, undefined, 2)}\n`;
}

function overridePath(path: FieldPath): string {
  return path.length === 0 ? "*" : formatFieldPath(path);
}

function configOf(mode: FieldMode): Readonly<Record<string, unknown>> {
  if (typeof mode === "object") {
    return { vectorConfig: { dimension: mode.vectorDimension, flat: {} } };
  }
  return mode === "CONTAINS" ? { arrayConfig: mode } : { order: mode };
}
