import type { FieldPath } from "../name/field-path.ts";
import type { CollectionScope } from "../store/database.ts";
import type { Value } from "../value/value.ts";

/** A comparison of one field. The unary operators of the protocol are `==` and `!=` with null and NaN. */
export type FieldOperator =
  | "<"
  | "<="
  | "=="
  | ">"
  | ">="
  | "!="
  | "array-contains"
  | "in"
  | "array-contains-any"
  | "not-in";

export interface FieldFilter {
  readonly kind: "field";
  /** `["__name__"]` is the document itself; its value is a `Reference`. */
  readonly field: FieldPath;
  readonly operator: FieldOperator;
  /** An array for `in`, `not-in` and `array-contains-any`. Null and NaN among those of `in` and the last are never found. */
  readonly value: Value;
}

export interface CompositeFilter {
  readonly kind: "and" | "or";
  readonly filters: readonly Filter[];
}

export type Filter = FieldFilter | CompositeFilter;

export interface Order {
  readonly field: FieldPath;
  readonly descending: boolean;
}

/** A position in the order: a prefix of the values of `orderBy`, and whether it is just before or just after them. */
export interface Bound {
  readonly values: readonly Value[];
  readonly before: boolean;
}

export type DistanceMeasure = "EUCLIDEAN" | "COSINE" | "DOT_PRODUCT";

export interface FindNearest {
  readonly field: FieldPath;
  readonly vector: readonly number[];
  readonly measure: DistanceMeasure;
  readonly limit: number;
  readonly resultField: FieldPath | undefined;
  readonly threshold: number | undefined;
}

/** A query that was found valid, with everything that it implies written out. */
export interface ParsedQuery {
  readonly scope: CollectionScope;
  readonly filter: Filter | undefined;
  /** As given, then the fields of inequalities, then the name: always ends with `__name__`. */
  readonly orderBy: readonly Order[];
  /** How many of `orderBy` were given. */
  readonly givenOrders: number;
  readonly startAt: Bound | undefined;
  readonly endAt: Bound | undefined;
  readonly offset: number;
  readonly limit: number | undefined;
  /** The fields to return; `["__name__"]` alone for the names only. `undefined` for whole documents. */
  readonly select: readonly FieldPath[] | undefined;
  readonly findNearest: FindNearest | undefined;
}
