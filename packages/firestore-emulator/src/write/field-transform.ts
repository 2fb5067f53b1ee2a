import { formatFieldPath, parseFieldPath, type FieldPath } from "../name/field-path.ts";
import type { FieldTransform } from "../protocol/messages.ts";
import { invalidArgument } from "../rpc-error.ts";
import { compareValues } from "../value/compare-values.ts";
import { timestampOf } from "../value/timestamp.ts";
import { ValueSet } from "../value/value-set.ts";
import { isArray, type Value } from "../value/value.ts";
import { checkFieldValue, isReserved } from "./check-fields.ts";

const maxInt64 = 2n ** 63n - 1n;
const minInt64 = -(2n ** 63n);
const requestTimeValue = 1;

/** A transform that was found valid. */
export interface CheckedTransform {
  readonly path: FieldPath;
  /** The new value of the field, and what the client is told of it. The time is in microseconds. */
  readonly apply: (
    current: Value | undefined,
    requestTime: number,
  ) => { value: Value; result: Value };
}

/** @throws {RpcError} INVALID_ARGUMENT when a transform is incomplete, or one is of a field within another's. */
export function checkTransforms(transforms: readonly FieldTransform[]): CheckedTransform[] {
  const checked = transforms.map((transform) => checkTransform(transform));
  const paths = new Set(checked.map(({ path }) => formatFieldPath(path)));
  for (const { path } of checked) {
    for (let length = 1; length < path.length; length += 1) {
      const outer = path.slice(0, length);
      if (paths.has(formatFieldPath(outer))) {
        throw invalidArgument(
          `Cannot transform property ${outer.join(".")} and its nested property at the same time.`,
        );
      }
    }
  }
  return checked;
}

function checkTransform(transform: FieldTransform): CheckedTransform {
  const path = parseFieldPath(transform.fieldPath);
  const reserved = path.find(isReserved);
  if (reserved !== undefined) {
    throw invalidArgument(`Invalid reserved name in field path ${transform.fieldPath}`);
  }
  return { path, apply: operationOf(transform) };
}

function operationOf(transform: FieldTransform): CheckedTransform["apply"] {
  const { fieldPath, increment, maximum, minimum } = transform;
  if (transform.setToServerValue !== undefined) return serverTime(transform.setToServerValue);
  if (increment !== undefined) return withNumber(increment, incremented);
  if (maximum !== undefined) return withNumber(maximum, (now, given) => extreme(now, given, 1));
  if (minimum !== undefined) return withNumber(minimum, (now, given) => extreme(now, given, -1));
  if (transform.appendMissingElements) {
    const elements = checkElements(fieldPath, transform.appendMissingElements);
    return (current) => ({ value: union(current, elements), result: null });
  }
  if (transform.removeAllFromArray) {
    // What no array may hold may still be removed from one.
    const elements = transform.removeAllFromArray.map((element) =>
      checkFieldValue(fieldPath, element),
    );
    return (current) => ({ value: difference(current, elements), result: null });
  }
  throw invalidArgument("Operation type must be specified for field transformation.");
}

function serverTime(serverValue: number): CheckedTransform["apply"] {
  if (serverValue !== requestTimeValue) {
    throw invalidArgument(
      "ServerValue type must be specified for set_to_server_value transformation.",
    );
  }
  return (_current, requestTime) => {
    const value = timestampOf(requestTime);
    return { value, result: value };
  };
}

type Numeric = bigint | number;

/** What is no number counts as missing: the operand takes its place. */
function withNumber(
  operand: Value,
  combine: (current: Numeric, operand: Numeric) => Numeric,
): CheckedTransform["apply"] {
  if (!isNumeric(operand)) throw invalidArgument("Input must be int64 or double.");
  return (current) => {
    const value = isNumeric(current) ? combine(current, operand) : operand;
    return { value, result: value };
  };
}

function isNumeric(value: Value | undefined): value is Numeric {
  return typeof value === "bigint" || typeof value === "number";
}

/** Two int64 stop at the ends of their range; with a double the sum is a double. */
function incremented(current: Numeric, operand: Numeric): Numeric {
  if (typeof current === "number" || typeof operand === "number") {
    return Number(current) + Number(operand);
  }
  const sum = current + operand;
  if (sum > maxInt64) return maxInt64;
  return sum < minInt64 ? minInt64 : sum;
}

/** The larger (1) or the smaller (-1); the field as it is when both are equal, and NaN when one is. */
function extreme(current: Numeric, operand: Numeric, sign: 1 | -1): Numeric {
  if (Number.isNaN(current) || Number.isNaN(operand)) return Number.NaN;
  return compareValues(operand, current) * sign > 0 ? operand : current;
}

function checkElements(fieldPath: string, elements: readonly Value[]): readonly Value[] {
  const checked = checkFieldValue(fieldPath, elements);
  return isArray(checked) ? checked : [];
}

function union(current: Value | undefined, elements: readonly Value[]): Value[] {
  const values = isArray(current) ? [...current] : [];
  const present = new ValueSet(values);
  for (const element of elements) if (present.add(element)) values.push(element);
  return values;
}

function difference(current: Value | undefined, elements: readonly Value[]): Value[] {
  const values = isArray(current) ? current : [];
  const removed = new ValueSet(elements);
  return values.filter((value) => !removed.has(value));
}
