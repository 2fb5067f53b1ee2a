import { singleField } from "./complete-index.ts";
import {
  indexKey,
  sameMode,
  samePath,
  singleFieldIndexes,
  type Index,
  type IndexSet,
  type SingleFieldIndex,
} from "./index-set.ts";

/** The set with one index more, next to all that it answers already. An index of a single field becomes an override. */
export function withIndex(indexes: IndexSet, index: Index): IndexSet {
  const field = singleField(index);
  if (!field) {
    const there = indexes.composites.some((other) => indexKey(other) === indexKey(index));
    return there ? indexes : { ...indexes, composites: [...indexes.composites, index] };
  }
  const { collectionGroup, scope } = index;
  const added: SingleFieldIndex = { scope, mode: field.mode };
  const before = singleFieldIndexes(indexes, collectionGroup, field.path);
  if (before.some((other) => other.scope === scope && sameMode(other.mode, field.mode))) {
    return indexes;
  }
  const isOwn = (override: IndexSet["overrides"][number]) =>
    override.collectionGroup === collectionGroup && samePath(override.path, field.path);
  return {
    ...indexes,
    overrides: [
      ...indexes.overrides.filter((override) => !isOwn(override)),
      {
        collectionGroup,
        path: field.path,
        indexes: [...before, added],
        ttl: indexes.overrides.find(isOwn)?.ttl,
      },
    ],
  };
}
