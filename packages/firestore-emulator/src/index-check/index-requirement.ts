import { documentNameField, formatFieldPath, type FieldPath } from "../name/field-path.ts";
import { isInequality } from "../query/check-filter.ts";
import { disjunctionsOf, tooManyDisjunctions, type Conjunction } from "../query/disjunctions.ts";
import type { Order, ParsedQuery } from "../query/parsed-query.ts";
import {
  compareFieldPaths,
  isNameField,
  samePath,
  type Index,
  type IndexField,
  type QueryScope,
} from "./index-set.ts";

/** A field that is looked up by one value, or by one element of its array. */
export interface LookedUp {
  readonly path: FieldPath;
  readonly contains: boolean;
}

/** What an index, or several that are merged, must have to answer one alternative of a query. */
export interface IndexRequirement {
  /** `undefined` for collections of any id. */
  readonly collectionGroup: string | undefined;
  readonly scope: QueryScope;
  /** In any order at the start of an index; several indexes may share them. */
  readonly lookedUp: readonly LookedUp[];
  /** Exactly so after them. Without `__name__` when the name is looked up itself. */
  readonly order: readonly IndexField[];
  readonly vector: IndexField | undefined;
}

/**
 * What each alternative of a query needs, in their order. A sum or an average reads its field from the index; a count has no
 * field.
 */
export function indexRequirements(
  query: ParsedQuery,
  aggregatedFields: readonly FieldPath[] = [],
): readonly IndexRequirement[] {
  return alternativesOf(query).map((filters) => requirementOf(query, filters, aggregatedFields));
}

/** What the alternatives of a query need, but once where they differ in nothing but the values that they compare with. */
export function distinctRequirements(
  query: ParsedQuery,
  aggregatedFields: readonly FieldPath[] = [],
): readonly IndexRequirement[] {
  const byShape = new Map<string, Conjunction>();
  for (const filters of alternativesOf(query)) {
    const shape = JSON.stringify(filters.map(({ field, operator }) => [operator, field]));
    if (!byShape.has(shape)) byShape.set(shape, filters);
  }
  return [...byShape.values()].map((filters) => requirementOf(query, filters, aggregatedFields));
}

/** The alternatives of a query's filter of which one must hold; one without comparisons when there is no filter. */
export function alternativesOf({ filter }: ParsedQuery): readonly Conjunction[] {
  if (filter === undefined) return [[]];
  const alternatives = disjunctionsOf(filter);
  return alternatives === tooManyDisjunctions ? [] : alternatives;
}

/** The fields that a query compares other than by equality, each once. */
export function inequalityFields(query: ParsedQuery): readonly FieldPath[] {
  return distinctPaths(
    alternativesOf(query).flatMap((filters) =>
      filters.filter(({ operator }) => isInequality(operator)).map(({ field }) => field),
    ),
  );
}

function requirementOf(
  query: ParsedQuery,
  filters: Conjunction,
  aggregatedFields: readonly FieldPath[],
): IndexRequirement {
  const { scope, findNearest } = query;
  const lookups = filters.filter(({ operator }) => !isInequality(operator));
  const equal = distinctPaths(
    lookups.filter(({ operator }) => !isContains(operator)).map(({ field }) => field),
  );
  const contained = distinctPaths(
    lookups.filter(({ operator }) => isContains(operator)).map(({ field }) => field),
  );
  const ordered = query.orderBy.filter(({ field }) => !equal.some((path) => samePath(path, field)));
  const taken = [...equal, ...contained, ...ordered.map(({ field }) => field)];
  const aggregated = distinctPaths(aggregatedFields)
    .filter((path) => !isNameField(path) && !taken.some((other) => samePath(other, path)))
    .toSorted(compareFieldPaths);
  return {
    collectionGroup: scope.collectionId,
    scope: scope.allDescendants ? "COLLECTION_GROUP" : "COLLECTION",
    lookedUp: [
      ...contained.toSorted(compareFieldPaths).map((path) => ({ path, contains: true })),
      ...equal
        .filter((path) => !isNameField(path))
        .toSorted(compareFieldPaths)
        .map((path) => ({ path, contains: false })),
    ],
    order: [
      ...ordered.filter(({ field }) => !isNameField(field)).map(fieldOfOrder),
      ...aggregated.map((path): IndexField => ({ path, mode: "ASCENDING" })),
      ...ordered.filter(({ field }) => isNameField(field)).map(fieldOfOrder),
    ],
    vector: findNearest && {
      path: findNearest.field,
      mode: { vectorDimension: findNearest.vector.length },
    },
  };
}

/**
 * The one index that would do, as the service proposes it: arrays first, then the other looked-up fields by name, then the
 * order of the query.
 */
export function indexFor(requirement: IndexRequirement): Index {
  const { collectionGroup, scope, lookedUp, order, vector } = requirement;
  const named = order.some(({ path }) => isNameField(path));
  return {
    collectionGroup: collectionGroup ?? "",
    scope,
    fields: [
      ...lookedUp.map(({ path, contains }): IndexField => ({
        path,
        mode: contains ? "CONTAINS" : "ASCENDING",
      })),
      ...order,
      ...(named ? [] : [{ path: [documentNameField], mode: "ASCENDING" } as const]),
      ...(vector ? [vector] : []),
    ],
  };
}

function isContains(operator: Conjunction[number]["operator"]): boolean {
  return operator === "array-contains" || operator === "array-contains-any";
}

function fieldOfOrder({ field, descending }: Order): IndexField {
  return { path: field, mode: descending ? "DESCENDING" : "ASCENDING" };
}

function distinctPaths(paths: readonly FieldPath[]): readonly FieldPath[] {
  return [...new Map(paths.map((path) => [formatFieldPath(path), path])).values()];
}
