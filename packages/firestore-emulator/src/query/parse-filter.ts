import { formatFieldPath } from "../name/field-path.ts";
import { parseDocumentName } from "../name/resource-name.ts";
import type { FilterMessage } from "../protocol/messages.ts";
import { invalidArgument } from "../rpc-error.ts";
import { Reference } from "../value/reference.ts";
import { isArray, type Value } from "../value/value.ts";
import { checkQueryValue, isComparable } from "./check-query-value.ts";
import { isDocumentName, parseQueryField } from "./parse-query-field.ts";
import type { FieldFilter, FieldOperator, Filter } from "./parsed-query.ts";

/** The operators of a field filter by their numbers. */
const fieldOperators: readonly (FieldOperator | undefined)[] = [
  undefined,
  "<",
  "<=",
  ">",
  ">=",
  "==",
  "!=",
  "array-contains",
  "in",
  "array-contains-any",
  "not-in",
];

/** The operators of a unary filter by their numbers, as the comparisons that they are. */
const unaryOperators: readonly (Pick<FieldFilter, "operator" | "value"> | undefined)[] = [
  undefined,
  undefined,
  { operator: "==", value: NaN },
  { operator: "==", value: null },
  { operator: "!=", value: NaN },
  { operator: "!=", value: null },
];

/** The operators that take a list, with their names in errors and the most values that it may have. */
const listOperators: Readonly<Partial<Record<FieldOperator, readonly [string, number]>>> = {
  in: ["IN", 30],
  "array-contains-any": ["ARRAY_CONTAINS_ANY", 30],
  "not-in": ["NOT_IN", 10],
};

/**
 * Reads a filter, each part by itself; `checkFilter` looks at how they may be combined.
 *
 * @throws {RpcError} INVALID_ARGUMENT when a part is wrong.
 */
export function parseFilter(database: string, message: FilterMessage): Filter {
  const { compositeFilter, fieldFilter, unaryFilter } = message;
  if (compositeFilter) {
    const { op, filters } = compositeFilter;
    if (op !== 1 && op !== 2) throw invalidArgument("Unsupported CompositeFilter operator.");
    if (op === 2 && filters.length === 0) {
      throw invalidArgument("Composite filter must have at least one sub-filter.");
    }
    const parts = filters.map((filter) => parseFilter(database, filter));
    return { kind: op === 1 ? "and" : "or", filters: parts };
  }
  if (fieldFilter) return parseFieldFilter(database, fieldFilter);
  if (unaryFilter) return parseUnaryFilter(unaryFilter);
  throw invalidArgument("Unknown Filter type.");
}

function parseUnaryFilter({ op, field }: NonNullable<FilterMessage["unaryFilter"]>): FieldFilter {
  if (!field) throw invalidArgument("Unsupported UnaryFilter operand type (non-FIELD).");
  const path = parseQueryField(field);
  const comparison = unaryOperators[op];
  if (!comparison) throw invalidArgument("Unknown UnaryFilter operator.");
  if (isDocumentName(path)) throw nameWithoutReference();
  return { kind: "field", field: path, ...comparison };
}

function parseFieldFilter(
  database: string,
  message: NonNullable<FilterMessage["fieldFilter"]>,
): FieldFilter {
  const field = parseQueryField(message.field);
  const operator = fieldOperators[message.op];
  if (!operator) throw invalidArgument("Unknown FieldFilter operator.");
  const value = checkQueryValue(field, message.value);
  checkList(operator, value);
  if (isDocumentName(field)) checkNameFilter(database, operator, value);
  return withoutIncomparable({ kind: "field", field, operator, value });
}

function checkList(operator: FieldOperator, value: Value): void {
  const [name, most] = listOperators[operator] ?? [];
  if (name === undefined || most === undefined) return;
  if (!isArray(value)) throw invalidArgument(`'${name}' requires an ArrayValue.`);
  if (value.length === 0) throw invalidArgument(`'${name}' requires an non-empty ArrayValue.`);
  if (value.length > most) {
    throw invalidArgument(`'${name}' supports up to ${most} comparison values.`);
  }
}

function checkNameFilter(database: string, operator: FieldOperator, value: Value): void {
  if (isMembership(operator)) {
    throw invalidArgument("the name __key__ is reserved");
  }
  for (const name of operandsOf(operator, value)) {
    if (!(name instanceof Reference)) throw nameWithoutReference();
    const other = parseDocumentName(name.name, "Resource").database;
    if (other !== database) {
      throw invalidArgument(
        `The request was for database '${database}' but was attempting to access database '${other}'`,
      );
    }
  }
}

function nameWithoutReference(): Error {
  return invalidArgument("__key__ filter value must be a Key");
}

/** What errors call that which is compared: the field, or its elements. */
export function comparedName({ field, operator }: Pick<FieldFilter, "field" | "operator">): string {
  return isMembership(operator) ? `${formatFieldPath(field)}[*]` : formatFieldPath(field);
}

/** Whether the operator asks for the elements of an array. */
export function isMembership(operator: FieldOperator): boolean {
  return operator === "array-contains" || operator === "array-contains-any";
}

/** What the field is compared with: each element of the list of those operators that take one. */
export function operandsOf(operator: FieldOperator, value: Value): readonly Value[] {
  return listOperators[operator] && isArray(value) ? value : [value];
}

/**
 * The same filter where its own operator says what it matches. As a field filter, null and NaN are equal to nothing, and nothing
 * is below or above them (the unary filters do find them): what can match nothing becomes a list of them, of which none is ever
 * found.
 */
function withoutIncomparable(filter: FieldFilter): FieldFilter {
  const { operator, value } = filter;
  if (isComparable(value)) {
    if (operator !== "not-in") return filter;
    const operands = operandsOf(operator, value);
    return operands.length === 1 && operands[0] === null
      ? { ...filter, operator: "in", value: [null] }
      : { ...filter, value: operands.filter((one) => !Number.isNaN(one)) };
  }
  if (operator === "!=" && value !== null) return { ...filter, value: null };
  return {
    ...filter,
    operator: isMembership(operator) ? "array-contains-any" : "in",
    value: [value],
  };
}
