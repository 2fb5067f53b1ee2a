import { comparePaths } from "../name/compare-paths.ts";
import { valueAt } from "../name/field-path.ts";
import { pathOfName } from "../name/path-of-name.ts";
import type { StoredDocument } from "../store/stored-document.ts";
import { compareValues, equalValues, typeOrder } from "../value/compare-values.ts";
import { Reference } from "../value/reference.ts";
import { isArray, type Value } from "../value/value.ts";
import { isComparable } from "./check-query-value.ts";
import { operandsOf } from "./parse-filter.ts";
import { isDocumentName } from "./parse-query-field.ts";
import type { FieldFilter, Filter } from "./parsed-query.ts";

export type Predicate = (document: StoredDocument) => boolean;

/** Whether a filter holds for a document. */
export function filterMatcher(filter: Filter): Predicate {
  if (filter.kind === "field") {
    return isDocumentName(filter.field) ? nameMatcher(filter) : fieldMatcher(filter);
  }
  const parts = filter.filters.map(filterMatcher);
  return filter.kind === "and"
    ? (document) => parts.every((matches) => matches(document))
    : (document) => parts.some((matches) => matches(document));
}

function nameMatcher({ operator, value }: FieldFilter): Predicate {
  const paths = operandsOf(operator, value).map((operand) =>
    operand instanceof Reference ? pathOfName(operand.name) : "",
  );
  if (operator === "in" || operator === "==") return ({ path }) => paths.includes(path);
  if (operator === "not-in" || operator === "!=") return ({ path }) => !paths.includes(path);
  const [bound = ""] = paths;
  return ({ path }) => isOrdered(operator, comparePaths(path, bound));
}

function isOrdered(operator: FieldFilter["operator"], difference: number): boolean {
  if (operator === "<") return difference < 0;
  if (operator === "<=") return difference <= 0;
  if (operator === ">") return difference > 0;
  return operator === ">=" && difference >= 0;
}

function fieldMatcher(filter: FieldFilter): Predicate {
  const { field } = filter;
  const matches = valueMatcher(filter);
  return ({ fields }) => {
    const value = valueAt(fields, field);
    return value !== undefined && matches(value);
  };
}

/** Whether a comparison holds for a value that is there. */
export function valueMatcher({ operator, value: operand }: FieldFilter): (value: Value) => boolean {
  const all = operandsOf(operator, operand);
  const operands =
    operator === "in" || operator === "array-contains-any" ? all.filter(isComparable) : all;
  const isOperand = (value: Value): boolean => operands.some((one) => equalValues(value, one));
  // oxlint-disable-next-line typescript/switch-exhaustiveness-check -- The others are the ranges.
  switch (operator) {
    case "==":
    case "in":
      return isOperand;
    case "!=":
    case "not-in":
      if (operator === "not-in" && operands.includes(null)) return () => false;
      return (value) => value !== null && !isOperand(value);
    case "array-contains":
    case "array-contains-any":
      return (value) => isArray(value) && value.some(isOperand);
    default:
      return rangeMatcher(operator, operand);
  }
}

/** Only values of the same type are below or above another, and NaN is neither. */
function rangeMatcher(
  operator: "<" | "<=" | ">" | ">=",
  operand: Value,
): (value: Value) => boolean {
  const type = typeOrder(operand);
  return (value) =>
    typeOrder(value) === type &&
    !Number.isNaN(value) &&
    isOrdered(operator, compareValues(value, operand));
}
