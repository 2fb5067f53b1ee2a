import { nameOf } from "../name/resource-name.ts";
import type { CursorMessage, LongLike } from "../protocol/messages.ts";
import { invalidArgument } from "../rpc-error.ts";
import type { Database } from "../store/database.ts";
import { Reference } from "../value/reference.ts";
import { numberOf } from "./parse-aggregations.ts";
import { isDocumentName } from "./parse-query-field.ts";
import type { ParsedQuery } from "./parsed-query.ts";
import { runQuery } from "./run-query.ts";

/** Into how many parts, and how many of their ends in one answer. */
export interface PartitionRequest {
  readonly partitionCount: LongLike;
  readonly pageSize: number;
  readonly pageToken: string;
}

/** The places where the parts of a query's results meet, in order. */
export interface PartitionResult {
  readonly partitions: readonly CursorMessage[];
  /** What to ask for the next of them with; empty when there are no more. */
  readonly nextPageToken: string;
}

/** No part has fewer documents, but the last. */
const minPartitionDocuments = 128;
const maxPageToken = /^[1-9]\d{0,8}$/u;

/**
 * Finds places that cut the results of a collection group into parts of about the same size.
 *
 * @throws {RpcError} INVALID_ARGUMENT when the query is more than a collection group in the order of its names.
 */
export function partitionQuery(
  database: Database,
  query: ParsedQuery,
  request: PartitionRequest,
  time?: number,
): PartitionResult {
  checkPartitioned(query);
  const count = numberOf(request.partitionCount);
  if (count < 1) throw invalidArgument("partition_count must be positive.");
  if (request.pageSize < 0) throw invalidArgument("page_size must not be negative.");
  const from = parsePageToken(request.pageToken);
  const { documents } = runQuery(database, query, time);
  const most = Math.max(Math.ceil(documents.length / minPartitionDocuments) - 1, 0);
  const cuts = Math.min(count, most);
  const to = request.pageSize === 0 ? cuts : Math.min(cuts, from + request.pageSize);
  const partitions: CursorMessage[] = [];
  for (let cut = from; cut < to; cut += 1) {
    const document = documents[Math.ceil(((cut + 1) * documents.length) / (cuts + 1))];
    if (!document) continue;
    const name = new Reference(nameOf(database.name, document.path));
    partitions.push({ values: [name], before: true });
  }
  return { partitions, nextPageToken: to < cuts ? String(to) : "" };
}

function checkPartitioned(query: ParsedQuery): void {
  const { scope, filter, orderBy, startAt, endAt, limit, offset, findNearest } = query;
  const [order] = orderBy;
  const isByName = order !== undefined && isDocumentName(order.field) && !order.descending;
  if (scope.collectionId === undefined || !scope.allDescendants || scope.parent !== "") {
    throw invalidArgument(
      "Partition queries must be over a collection group: one collection id with all descendants of the root.",
    );
  }
  if (filter || startAt || endAt || limit !== undefined || offset > 0 || findNearest || !isByName) {
    throw invalidArgument(
      "Partition queries must be ordered by __name__ ascending, with no filters, limits, offsets or cursors.",
    );
  }
}

function parsePageToken(token: string): number {
  if (token === "") return 0;
  if (!maxPageToken.test(token)) throw invalidArgument("Invalid page token.");
  return Number(token);
}
