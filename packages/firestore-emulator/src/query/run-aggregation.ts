import { documentNameField, formatFieldPath, valueAt, type FieldPath } from "../name/field-path.ts";
import type { AggregationMessage } from "../protocol/messages.ts";
import type { Database } from "../store/database.ts";
import type { StoredDocument } from "../store/stored-document.ts";
import type { Value } from "../value/value.ts";
import { checkAggregatedQuery } from "./check-aggregated-query.ts";
import { ExactSum } from "./exact-sum.ts";
import { parseAggregations, type Aggregation } from "./parse-aggregations.ts";
import { compareFieldPaths } from "./parse-order.ts";
import type { ParsedQuery } from "./parsed-query.ts";
import { runQuery, type QueryPlan } from "./run-query.ts";

/** What aggregations came to. */
export interface AggregationResult {
  /** By alias. */
  readonly values: Readonly<Record<string, Value>>;
  /** How many documents were looked at. */
  readonly scanned: number;
  readonly plan: QueryPlan;
}

const maxInt64 = (1n << 63n) - 1n;

/**
 * Counts, sums and averages the results of a query. Those that lack a field that is summed or averaged are not among them,
 * for none of the aggregations.
 *
 * @throws {RpcError} INVALID_ARGUMENT when an aggregation is not a valid one, or not of this query.
 */
export function runAggregation(
  database: Database,
  query: ParsedQuery,
  messages: readonly AggregationMessage[],
  time?: number,
): AggregationResult {
  const aggregations = parseAggregations(messages);
  const fields = aggregations.flatMap((one) => (one.kind === "count" ? [] : [one.field]));
  checkAggregatedQuery(query, fields);
  const isWindow = query.limit !== undefined || query.offset > 0 || query.findNearest !== undefined;
  const ordered = orderedByFields(query, fields);
  const { documents, scanned, plan } = runQuery(database, ordered, time, isWindow);
  const values = aggregations.map((one): [string, Value] => [one.alias, aggregate(one, documents)]);
  return { values: Object.fromEntries(values), scanned, plan };
}

/** The index that has the fields has the documents in the order of these, before that of their names. */
function orderedByFields(query: ParsedQuery, fields: readonly FieldPath[]): ParsedQuery {
  const orders = new Map(query.orderBy.map((order) => [formatFieldPath(order.field), order]));
  const name = query.orderBy.at(-1);
  if (!name) return query;
  orders.delete(documentNameField);
  for (const field of fields.toSorted(compareFieldPaths)) {
    const key = formatFieldPath(field);
    if (!orders.has(key)) orders.set(key, { field, descending: name.descending });
  }
  return { ...query, orderBy: [...orders.values(), name] };
}

function aggregate(aggregation: Aggregation, documents: readonly StoredDocument[]): Value {
  if (aggregation.kind === "count") {
    return BigInt(Math.min(documents.length, aggregation.upTo ?? documents.length));
  }
  const sum = new ExactSum();
  let count = 0;
  for (const { fields } of documents) {
    const value = valueAt(fields, aggregation.field);
    if (typeof value !== "number" && typeof value !== "bigint") continue;
    sum.add(value);
    count += 1;
  }
  if (aggregation.kind === "avg") return count === 0 ? null : sum.double / count;
  const fits = sum.integer <= maxInt64 && sum.integer >= -maxInt64 - 1n;
  return sum.isInteger && fits ? sum.integer : sum.double;
}
