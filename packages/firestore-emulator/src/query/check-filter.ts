import { formatFieldPath } from "../name/field-path.ts";
import { invalidArgument } from "../rpc-error.ts";
import { disjunctionsOf, maxDisjunctions, tooManyDisjunctions } from "./disjunctions.ts";
import { operandsOf } from "./parse-filter.ts";
import { isDocumentName } from "./parse-query-field.ts";
import type { FieldFilter, FieldOperator, Filter } from "./parsed-query.ts";

const maxInequalityFields = 10;
const maxParts = 100;

/** What else of a query counts. */
export interface QueryParts {
  readonly orders: number;
  readonly hasAncestor: boolean;
}

/** Every comparison in a filter, in the order in which they are written. */
export function fieldFiltersOf(filter: Filter | undefined): readonly FieldFilter[] {
  if (!filter) return [];
  return filter.kind === "field" ? [filter] : filter.filters.flatMap(fieldFiltersOf);
}

/** Whether a comparison implies an order by its field. */
export function isInequality(operator: FieldOperator): boolean {
  return (
    operator === "<" ||
    operator === "<=" ||
    operator === ">" ||
    operator === ">=" ||
    operator === "!=" ||
    operator === "not-in"
  );
}

/** @throws {RpcError} INVALID_ARGUMENT when these comparisons may not be in one query. */
export function checkFilter(filter: Filter | undefined, parts: QueryParts): void {
  const fields = fieldFiltersOf(filter);
  checkParts(fields, parts);
  checkInequalities(fields);
  checkNameEquality(fields);
  if (filter) checkDisjunctions(filter);
}

/** A comparison with each of several values counts as many. */
function countOf({ operator, value }: FieldFilter): number {
  const isEach = operator === "in" || operator === "array-contains-any";
  return isEach ? operandsOf(operator, value).length : 1;
}

function checkParts(fields: readonly FieldFilter[], { orders, hasAncestor }: QueryParts): void {
  const filters = fields.reduce((count, field) => count + countOf(field), 0);
  if (filters + orders + (hasAncestor ? 1 : 0) > maxParts) {
    throw invalidArgument(
      `The query may not have more than ${maxParts} filters + sort orders + ancestor total. Currently there are ${filters} filters, ${orders} sort orders, and ${hasAncestor ? "one" : "no"} ancestor filter.`,
    );
  }
}

function checkInequalities(fields: readonly FieldFilter[]): void {
  const names = new Set(
    fields
      .filter(({ operator }) => isInequality(operator))
      .map(({ field }) => formatFieldPath(field)),
  );
  if (names.size > maxInequalityFields) {
    throw invalidArgument(
      `The query contains ${names.size} distinct inequality fields: [${[...names].join(", ")}]. A query may not have more than ${maxInequalityFields} distinct inequality fields.`,
    );
  }
}

function checkNameEquality(fields: readonly FieldFilter[]): void {
  const inequalities = fields.filter(({ operator }) => isInequality(operator));
  const hasEquality = fields.some(
    ({ field, operator }) => isDocumentName(field) && !isInequality(operator),
  );
  if (!hasEquality || inequalities.length === 0) return;
  if (!inequalities.some(({ field }) => isDocumentName(field))) {
    throw invalidArgument(
      "Equality on key is not allowed if there are other inequality fields and key does not appear in inequalities.",
    );
  }
}

function checkDisjunctions(filter: Filter): void {
  const disjunctions = disjunctionsOf(filter);
  if (disjunctions === tooManyDisjunctions) {
    throw invalidArgument(
      `Too many disjunctions after normalization, the maximum is ${maxDisjunctions}`,
    );
  }
  if (disjunctions.length > maxDisjunctions) {
    throw invalidArgument(
      `Too many disjunctions after normalization. Result had ${disjunctions.length} disjunctions which is more than the maximum of ${maxDisjunctions}`,
    );
  }
}
