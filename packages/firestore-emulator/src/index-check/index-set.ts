import { documentNameField, formatFieldPath, type FieldPath } from "../name/field-path.ts";
import { compareUtf8 } from "../value/compare-utf8.ts";

/** `COLLECTION_RECURSIVE` is Datastore mode's; here it answers what `COLLECTION_GROUP` does. */
export type QueryScope = "COLLECTION" | "COLLECTION_GROUP" | "COLLECTION_RECURSIVE";

/** How an index holds a field: in an order, by the elements of an array, or by a vector of so many dimensions. */
export type FieldMode =
  | "ASCENDING"
  | "DESCENDING"
  | "CONTAINS"
  | { readonly vectorDimension: number };

export interface IndexField {
  readonly path: FieldPath;
  readonly mode: FieldMode;
}

export interface Index {
  readonly collectionGroup: string;
  readonly scope: QueryScope;
  /** `__name__` may be left out where it is implied. */
  readonly fields: readonly IndexField[];
}

/** How one field of a collection group is indexed by itself, instead of the automatic way. */
export interface FieldOverride {
  /** `__default__` for all collection groups. */
  readonly collectionGroup: string;
  /** Empty for all fields, which the file writes as `*`. */
  readonly path: FieldPath;
  readonly indexes: readonly SingleFieldIndex[];
  /** Whether documents end when this field says. `undefined` when the file does not tell. */
  readonly ttl: boolean | undefined;
}

export interface SingleFieldIndex {
  readonly scope: QueryScope;
  readonly mode: FieldMode;
}

/** The indexes of one database: those of a `firestore.indexes.json`, next to the automatic ones. */
export interface IndexSet {
  readonly composites: readonly Index[];
  readonly overrides: readonly FieldOverride[];
}

/** What a database has that no index was made in. */
export const automaticIndexes: IndexSet = { composites: [], overrides: [] };

const automaticModes: readonly SingleFieldIndex[] = (
  ["ASCENDING", "DESCENDING", "CONTAINS"] as const
).map((mode) => ({ scope: "COLLECTION", mode }));

/**
 * The indexes of a field by itself. Its own override counts, else that of the nearest map it lies in, else that of all
 * fields of the collection group, else the automatic indexes.
 */
export function singleFieldIndexes(
  { overrides }: IndexSet,
  collectionGroup: string,
  path: FieldPath,
): readonly SingleFieldIndex[] {
  for (const group of [collectionGroup, "__default__"]) {
    for (let length = path.length; length >= 0; length -= 1) {
      const override = overrides.find(
        (candidate) =>
          candidate.collectionGroup === group && samePath(candidate.path, path.slice(0, length)),
      );
      if (override) return override.indexes;
    }
  }
  return automaticModes;
}

/** Whether this is the one field that documents are named by. */
export function isNameField(path: FieldPath): boolean {
  return path.length === 1 && path[0] === documentNameField;
}

/** Whether two paths lead to the same field. */
export function samePath(left: FieldPath, right: FieldPath): boolean {
  return left.length === right.length && left.every((name, index) => name === right[index]);
}

/** The order of two paths, name by name. */
export function compareFieldPaths(left: FieldPath, right: FieldPath): number {
  for (const [index, name] of left.entries()) {
    const other = right[index];
    if (other === undefined) return 1;
    if (name !== other) return compareUtf8(name, other);
  }
  return left.length - right.length;
}

/** Whether an index of one mode is the same as of another. */
export function sameMode(left: FieldMode, right: FieldMode): boolean {
  return typeof left === "object"
    ? typeof right === "object" && left.vectorDimension === right.vectorDimension
    : left === right;
}

/** A text that two indexes share only if they are the same. */
export function indexKey({ collectionGroup, scope, fields }: Index): string {
  return JSON.stringify([
    collectionGroup,
    scope,
    fields.map(({ path, mode }) => [formatFieldPath(path), mode]),
  ]);
}
