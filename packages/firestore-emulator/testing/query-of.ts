import type { FilterMessage, StructuredQuery } from "../src/protocol/messages.ts";
import { parseQuery } from "../src/query/parse-query.ts";
import type { FieldOperator, ParsedQuery } from "../src/query/parsed-query.ts";
import { Reference } from "../src/value/reference.ts";
import type { Value } from "../src/value/value.ts";

/** `["population", ">", 5n]`, or several of which all or one must hold. */
export type Condition =
  | readonly [string, FieldOperator, Value]
  | { readonly or: readonly Condition[] }
  | { readonly and: readonly Condition[] };

/** A query as an SDK would build it. */
export interface QueryDescription {
  readonly where?: readonly Condition[];
  /** `population`, or `population desc`. */
  readonly orderBy?: readonly string[];
  readonly limit?: number;
  readonly offset?: number;
  readonly group?: boolean;
  readonly parent?: string;
  readonly nearest?: { readonly field: string; readonly vector: readonly number[] };
}

export const testDatabase = "projects/p/databases/(default)";

const operators: Readonly<Record<FieldOperator, number>> = {
  "<": 1,
  "<=": 2,
  ">": 3,
  ">=": 4,
  "==": 5,
  "!=": 6,
  "array-contains": 7,
  in: 8,
  "array-contains-any": 9,
  "not-in": 10,
};

/** Any document, for comparisons with `__name__`. */
export function someReference(path: string): Reference {
  return new Reference(`${testDatabase}/documents/${path}`);
}

/** The query over a collection, parsed as one that came over the wire. */
export function queryOf(collectionId: string, description: QueryDescription = {}): ParsedQuery {
  const { where = [], orderBy = [], limit, offset = 0, group = false, parent } = description;
  const { nearest } = description;
  const query: StructuredQuery = {
    from: [{ collectionId, allDescendants: group }],
    where: where.length === 0 ? undefined : filterOf({ and: where }),
    orderBy: orderBy.map((order) => {
      const [fieldPath = "", direction] = order.split(" ");
      return { field: { fieldPath }, direction: direction === "desc" ? 2 : 1 };
    }),
    offset,
    limit: limit === undefined ? undefined : { value: limit },
    findNearest: nearest && {
      vectorField: { fieldPath: nearest.field },
      queryVector: vectorValue(nearest.vector),
      distanceMeasure: 1,
      limit: { value: 3 },
      distanceResultField: "",
    },
  };
  const below = parent === undefined ? "documents" : `documents/${parent}`;
  return parseQuery(testDatabase, `${testDatabase}/${below}`, query);
}

/** A vector as documents and queries hold it. */
export function vectorValue(numbers: readonly number[]): Value {
  return new Map<string, Value>([
    ["__type__", "__vector__"],
    ["value", numbers],
  ]);
}

function filterOf(condition: Condition): FilterMessage {
  if (Array.isArray(condition)) {
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- `Array.isArray` does not know readonly tuples.
    const [fieldPath, operator, value] = condition as readonly [string, FieldOperator, Value];
    return { fieldFilter: { field: { fieldPath }, op: operators[operator], value } };
  }
  if ("or" in condition) return { compositeFilter: { op: 2, filters: condition.or.map(filterOf) } };
  if ("and" in condition) {
    const [only, ...more] = condition.and;
    if (only && more.length === 0) return filterOf(only);
    return { compositeFilter: { op: 1, filters: condition.and.map(filterOf) } };
  }
  throw new TypeError("No condition.");
}
