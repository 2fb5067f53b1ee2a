import type { FieldPath } from "../name/field-path.ts";
import type { FindNearestMessage } from "../protocol/messages.ts";
import { invalidArgument } from "../rpc-error.ts";
import { isVector, vectorOf, type Value } from "../value/value.ts";
import { isReserved } from "../write/check-fields.ts";
import { checkQueryValue } from "./check-query-value.ts";
import { parseQueryField } from "./parse-query-field.ts";
import type { DistanceMeasure, FindNearest } from "./parsed-query.ts";

const maxLimit = 1000;
const maxNameBytes = 1500;

const measures: readonly (DistanceMeasure | undefined)[] = [
  undefined,
  "EUCLIDEAN",
  "COSINE",
  "DOT_PRODUCT",
];

/** Reads a search for the nearest vectors. @throws {RpcError} INVALID_ARGUMENT */
export function parseFindNearest(message: FindNearestMessage): FindNearest {
  const field = parseQueryField(message.vectorField);
  const vector = parseVector(field, message.queryVector);
  const measure = measures[message.distanceMeasure];
  if (!measure) throw invalidArgument("Unknown Distance Measure.");
  const limit = message.limit?.value ?? 0;
  if (limit < 1 || limit > maxLimit) {
    throw invalidArgument(
      `FindNearest.limit must be a positive integer of no more than ${maxLimit}`,
    );
  }
  const threshold = message.distanceThreshold?.value;
  if (threshold !== undefined && !Number.isFinite(threshold)) {
    throw invalidArgument("distanceThreshold must be a finite number.");
  }
  const resultField = parseResultField(message.distanceResultField);
  return { field, vector, measure, limit, resultField, threshold };
}

function parseVector(field: FieldPath, value: Value | undefined): readonly number[] {
  const checked = checkQueryValue(field, value);
  const vector = isVector(checked) ? vectorOf(checked) : undefined;
  if (!vector) throw invalidArgument("Query Value must be of type vector.");
  return vector;
}

/** One name, dots and all; SDKs put backticks around what is not a simple one. */
function parseResultField(name: string): FieldPath | undefined {
  if (name === "") return undefined;
  if (isReserved(name)) {
    throw invalidArgument(`The distanceResultField.property.name "${name}" is reserved.`);
  }
  if (Buffer.byteLength(name) > maxNameBytes) {
    throw invalidArgument(
      `The distanceResultField.property.name is longer than ${maxNameBytes} bytes.`,
    );
  }
  return [/^`[^`\\]+`$/u.test(name) ? name.slice(1, -1) : name];
}
