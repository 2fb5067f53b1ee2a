import type { FieldPath } from "../name/field-path.ts";
import type { AggregationMessage, LongLike } from "../protocol/messages.ts";
import { invalidArgument } from "../rpc-error.ts";
import { isReserved } from "../write/check-fields.ts";
import { isDocumentName, parseQueryField } from "./parse-query-field.ts";

const maxAggregations = 5;
const maxAliasBytes = 1500;

/** One number to be made of the results of a query. */
export type Aggregation =
  | { readonly kind: "count"; readonly alias: string; readonly upTo: number | undefined }
  | { readonly kind: "sum" | "avg"; readonly alias: string; readonly field: FieldPath };

/** Reads aggregations, and names those that have no alias `field_1`, `field_2`… @throws {RpcError} INVALID_ARGUMENT */
export function parseAggregations(messages: readonly AggregationMessage[]): readonly Aggregation[] {
  if (messages.length === 0) throw invalidArgument("Aggregations can not be empty.");
  if (messages.length > maxAggregations) {
    throw invalidArgument(
      `The maximum number of aggregations allowed in an aggregation query is ${maxAggregations}. Received: ${messages.length}`,
    );
  }
  let unnamed = 0;
  const aggregations = messages.map((message) => {
    if (message.alias === "") unnamed += 1;
    return parseAggregation(message, message.alias || `field_${unnamed}`);
  });
  checkAggregations(aggregations);
  return aggregations;
}

function checkAggregations(aggregations: readonly Aggregation[]): void {
  for (const { alias } of aggregations) checkAlias(alias);
  const aliases = new Set<string>();
  for (const aggregation of aggregations) {
    const { alias } = aggregation;
    if (aliases.has(alias)) {
      throw invalidArgument(`Aggregation aliases contain duplicate alias: ${alias}.`);
    }
    aliases.add(alias);
    if (aggregation.kind !== "count" && isDocumentName(aggregation.field)) {
      throw invalidArgument("Aggregations are not supported for the property: __key__");
    }
  }
}

function parseAggregation({ count, sum, avg }: AggregationMessage, alias: string): Aggregation {
  if (count) {
    const upTo = count.upTo && numberOf(count.upTo.value);
    if (upTo !== undefined && upTo < 0) {
      throw invalidArgument(
        "The `up_to` value in a COUNT aggregation must be greater than or equal to zero.",
      );
    }
    return { kind: "count", alias, upTo };
  }
  const operand = sum ?? avg;
  if (!operand) throw invalidArgument("Operator field in Aggregation is not set.");
  return { kind: sum ? "sum" : "avg", alias, field: parseQueryField(operand.field) };
}

function checkAlias(alias: string): void {
  if (isReserved(alias)) throw invalidArgument(`The property.name "${alias}" is reserved.`);
  if (Buffer.byteLength(alias) > maxAliasBytes) {
    throw invalidArgument(`The property.name is longer than ${maxAliasBytes} bytes.`);
  }
}

/** An int64 that need not be exact beyond what can be counted. */
export function numberOf(value: LongLike): number {
  return typeof value === "number" ? value : value.toNumber();
}
