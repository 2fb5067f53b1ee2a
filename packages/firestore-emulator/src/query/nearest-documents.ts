import { valueAt } from "../name/field-path.ts";
import type { StoredDocument } from "../store/stored-document.ts";
import { vectorOf } from "../value/value.ts";
import type { DistanceMeasure, FindNearest } from "./parsed-query.ts";

/** A document and how far its vector is from the one that was asked for. */
export interface NearDocument {
  readonly document: StoredDocument;
  readonly distance: number;
}

/**
 * The documents whose vectors are nearest, nearest first, those as near as each other in the order given. Documents without
 * a vector of as many dimensions are not among them. A dot product is the nearer the greater it is. What has no distance,
 * as the cosine of a vector of zeros, comes last.
 */
export function nearestDocuments(
  documents: Iterable<StoredDocument>,
  { field, vector, measure, limit, threshold }: FindNearest,
): readonly NearDocument[] {
  const found: NearDocument[] = [];
  for (const document of documents) {
    const numbers = vectorOf(valueAt(document.fields, field));
    if (numbers?.length !== vector.length) continue;
    const distance = distances[measure](numbers, vector);
    if (threshold === undefined || isWithin(measure, distance, threshold)) {
      found.push({ document, distance });
    }
  }
  const direction = measure === "DOT_PRODUCT" ? -1 : 1;
  return found
    .toSorted((left, right) => compareDistances(left.distance, right.distance, direction))
    .slice(0, limit);
}

function isWithin(measure: DistanceMeasure, distance: number, threshold: number): boolean {
  return measure === "DOT_PRODUCT" ? distance >= threshold : distance <= threshold;
}

function compareDistances(left: number, right: number, direction: number): number {
  if (left === right) return 0;
  if (Number.isNaN(left) || Number.isNaN(right))
    return Number(Number.isNaN(left)) - Number(Number.isNaN(right));
  return left < right ? -direction : direction;
}

type Distance = (left: readonly number[], right: readonly number[]) => number;

const distances: Readonly<Record<DistanceMeasure, Distance>> = {
  EUCLIDEAN: (left, right) => {
    let sum = 0;
    for (const [index, value] of left.entries()) sum += (value - (right[index] ?? 0)) ** 2;
    return Math.sqrt(sum);
  },
  COSINE: (left, right) =>
    1 - dotProduct(left, right) / Math.sqrt(dotProduct(left, left) * dotProduct(right, right)),
  DOT_PRODUCT: dotProduct,
};

function dotProduct(left: readonly number[], right: readonly number[]): number {
  let sum = 0;
  for (const [index, value] of left.entries()) sum += value * (right[index] ?? 0);
  return sum;
}
