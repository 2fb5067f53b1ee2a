import { documentNameField, type FieldPath } from "../name/field-path.ts";
import { completeFields } from "./complete-index.ts";
import type { IndexRequirement, LookedUp } from "./index-requirement.ts";
import {
  isNameField,
  sameMode,
  samePath,
  singleFieldIndexes,
  type Index,
  type IndexField,
  type IndexSet,
} from "./index-set.ts";

/**
 * The indexes that answer a requirement: one, or several that are merged because each is in the order that is asked for and
 * together they look up all fields. `undefined` when there are none. Adding indexes never takes an answer away.
 */
export function findScan(
  requirement: IndexRequirement,
  indexes: IndexSet,
): readonly Index[] | undefined {
  const usable: Usable[] = [];
  for (const index of candidates(requirement, indexes)) {
    const served = servedBy(index, requirement);
    if (served === undefined) continue;
    if (served.length === requirement.lookedUp.length) return [index];
    if (served.length > 0 && requirement.vector === undefined) usable.push({ index, served });
  }
  return merge(usable, requirement.lookedUp);
}

interface Usable {
  readonly index: Index;
  readonly served: readonly LookedUp[];
}

/** As few indexes as can be found by always taking the one that looks up most. */
function merge(
  usable: readonly Usable[],
  lookedUp: readonly LookedUp[],
): readonly Index[] | undefined {
  const members: Index[] = [];
  const missing = new Set(lookedUp);
  for (const { index, served } of usable.toSorted(
    (left, right) => right.served.length - left.served.length,
  )) {
    if (!served.some((field) => missing.has(field))) continue;
    members.push(index);
    for (const field of served) missing.delete(field);
  }
  return members.length > 0 && missing.size === 0 ? members : undefined;
}

function candidates(requirement: IndexRequirement, indexes: IndexSet): readonly Index[] {
  const { collectionGroup, scope } = requirement;
  if (collectionGroup === undefined) return [nameIndex(requirement)];
  return [
    ...indexes.composites.filter(
      (index) => index.collectionGroup === collectionGroup && covers(index.scope, scope),
    ),
    nameIndex(requirement),
    ...[...requirement.lookedUp, ...requirement.order].flatMap(({ path }) =>
      singleIndexesOf(path, collectionGroup, requirement, indexes),
    ),
  ];
}

/** Documents by their names, which every collection and collection group has. */
function nameIndex({ collectionGroup, scope }: IndexRequirement): Index {
  return {
    collectionGroup: collectionGroup ?? "",
    scope,
    fields: [{ path: [documentNameField], mode: "ASCENDING" }],
  };
}

function singleIndexesOf(
  path: FieldPath,
  collectionGroup: string,
  requirement: IndexRequirement,
  indexes: IndexSet,
): readonly Index[] {
  if (isNameField(path)) return [];
  return singleFieldIndexes(indexes, collectionGroup, path)
    .filter(({ scope }) => covers(scope, requirement.scope))
    .map(({ mode }) => ({
      collectionGroup,
      scope: requirement.scope,
      fields: completeFields([{ path, mode }]),
    }));
}

function covers(scope: Index["scope"], asked: Index["scope"]): boolean {
  return (scope === "COLLECTION") === (asked === "COLLECTION");
}

/**
 * Which of the looked-up fields an index starts with, when all that comes after them is the order that is asked for;
 * `undefined` for an index that is of no use.
 */
function servedBy(index: Index, requirement: IndexRequirement): readonly LookedUp[] | undefined {
  const fields = [...completeFields(index.fields)];
  if (requirement.vector) {
    const last = fields.pop();
    if (!last || !sameField(last, requirement.vector)) return undefined;
  }
  const anyName = !requirement.order.some(({ path }) => isNameField(path));
  if (anyName && isNameField(fields.at(-1)?.path ?? [])) fields.pop();
  const count = fields.length - requirement.order.length;
  if (count < 0 || !sameFields(fields.slice(count), requirement.order)) return undefined;
  const served: LookedUp[] = [];
  for (const { path, mode } of fields.slice(0, count)) {
    const field = requirement.lookedUp.find(
      (candidate) =>
        samePath(candidate.path, path) &&
        typeof mode === "string" &&
        candidate.contains === (mode === "CONTAINS"),
    );
    if (!field || served.includes(field)) return undefined;
    served.push(field);
  }
  return served;
}

function sameFields(left: readonly IndexField[], right: readonly IndexField[]): boolean {
  return left.every((field, index) => {
    const other = right[index];
    return other !== undefined && sameField(field, other);
  });
}

function sameField(left: IndexField, right: IndexField): boolean {
  return samePath(left.path, right.path) && sameMode(left.mode, right.mode);
}
