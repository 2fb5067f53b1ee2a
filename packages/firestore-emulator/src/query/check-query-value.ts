import { formatFieldPath, type FieldPath } from "../name/field-path.ts";
import { invalidArgument } from "../rpc-error.ts";
import { isIndexedWhole } from "../store/indexed-value.ts";
import { isArray, isMap, type Value } from "../value/value.ts";
import { checkFieldValue, isReserved } from "../write/check-fields.ts";

/**
 * Accepts what a query may compare with or start at. Unlike in a document, arrays may be in arrays, and a timestamp keeps
 * what is finer than a microsecond.
 *
 * @throws {RpcError} INVALID_ARGUMENT when it is no value.
 */
export function checkQueryValue(field: FieldPath, value: Value | undefined): Value {
  if (value === undefined) {
    throw invalidArgument("Cannot convert firestore.v1.Value with type unset.");
  }
  if (isArray(value)) {
    for (const element of value) checkQueryValue(field, element);
  } else if (isMap(value) && !value.has("__type__")) {
    for (const [key, element] of value) {
      if (isReserved(key)) throw invalidArgument(`field name '${key}' is reserved.`);
      checkQueryValue(field, element);
    }
  } else if (typeof value === "object") {
    checkFieldValue(formatFieldPath(field), value);
  }
  return value;
}

/** @throws {RpcError} INVALID_ARGUMENT when no index holds the whole of the value, so that nothing can be compared with it. */
export function checkIndexable(name: string, value: Value): void {
  if (!isIndexedWhole(value)) {
    throw invalidArgument(`value for ${name} is too large to be used in a query`);
  }
}

/** Whether a comparison can hold with it: nothing is equal to null or NaN, nor below or above. */
export function isComparable(value: Value): boolean {
  return value !== null && !Number.isNaN(value);
}
