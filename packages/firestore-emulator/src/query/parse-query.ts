import { documentNameField, type FieldPath } from "../name/field-path.ts";
import { parseParentName } from "../name/resource-name.ts";
import type { StructuredQuery } from "../protocol/messages.ts";
import { invalidArgument } from "../rpc-error.ts";
import type { CollectionScope } from "../store/database.ts";
import { checkFilter } from "./check-filter.ts";
import { checkMembership } from "./check-membership.ts";
import { checkNegations } from "./check-negations.ts";
import { checkGroup, checkGroupOrder, checkKindless } from "./check-scope.ts";
import { parseCursor } from "./parse-cursor.ts";
import { parseFilter } from "./parse-filter.ts";
import { parseFindNearest } from "./parse-find-nearest.ts";
import { checkOrders, parseOrders, withImpliedOrders } from "./parse-order.ts";
import { isDocumentName, parseQueryField } from "./parse-query-field.ts";
import type { ParsedQuery } from "./parsed-query.ts";

const maxCollectionIdBytes = 1500;

/**
 * Reads a query and writes out what it implies.
 *
 * @param databaseName the database that it is for; references in it must lead there where they stand for a document's name.
 * @param parent the full name of the document below which it looks, or of the root of the documents.
 * @throws {RpcError} INVALID_ARGUMENT when it is not a valid query, with the text that Firestore has for it.
 */
export function parseQuery(
  databaseName: string,
  parent: string,
  query: StructuredQuery,
): ParsedQuery {
  const scope = parseScope(parent, query.from);
  const select = parseSelect(query.select);
  const filter = query.where && parseFilter(databaseName, query.where);
  const given = parseOrders(query.orderBy);
  const startAt = parseCursor(databaseName, given, query.startAt);
  const endAt = parseCursor(databaseName, given, query.endAt);
  checkNegations(query.where);
  const use = { scope, filter, orders: given };
  checkGroup(use);
  if (filter) checkMembership(filter);
  checkKindless(use);
  const { limit, offset } = parseWindow(query);
  const findNearest = query.findNearest && parseFindNearest(query.findNearest);
  checkFilter(filter, { orders: given.length, hasAncestor: scope.parent !== "" });
  checkOrders(given);
  const orderBy = withImpliedOrders(given, filter);
  checkGroupOrder(use);
  return {
    scope,
    filter,
    orderBy,
    givenOrders: given.length,
    startAt,
    endAt,
    offset,
    limit,
    select,
    findNearest,
  };
}

function parseScope(parent: string, from: StructuredQuery["from"]): CollectionScope {
  const { path } = parseParentName(parent);
  if (from.length > 1) {
    throw invalidArgument("StructuredQuery.from cannot have more than one collection selector.");
  }
  const { collectionId, allDescendants } = from[0] ?? { collectionId: "", allDescendants: false };
  if (collectionId !== "") checkQueriedId(collectionId);
  return {
    parent: path,
    collectionId: collectionId === "" ? undefined : collectionId,
    allDescendants,
  };
}

function checkQueriedId(id: string): void {
  if (id.includes("/")) {
    throw invalidArgument(`Collection id "${id}" is invalid because it contains "/".`);
  }
  if (id === "." || id === ".." || /^__.+__$/su.test(id)) {
    throw invalidArgument(`Collection id "${id}" is invalid because it is reserved.`);
  }
  if (Buffer.byteLength(id) > maxCollectionIdBytes) {
    throw invalidArgument(`The query kind is longer than ${maxCollectionIdBytes} bytes.`);
  }
}

function parseSelect(select: StructuredQuery["select"]): readonly FieldPath[] | undefined {
  if (!select) return undefined;
  const fields = select.fields.map(parseQueryField).filter((path) => !isDocumentName(path));
  return fields.length === 0 ? [[documentNameField]] : fields;
}

function parseWindow(query: StructuredQuery): Pick<ParsedQuery, "limit" | "offset"> {
  const { offset } = query;
  const limit = query.limit?.value;
  if (offset < 0) throw invalidArgument("offset is negative");
  if (limit !== undefined && limit < 0) throw invalidArgument("limit is negative");
  if (query.findNearest && limit !== undefined) {
    throw invalidArgument("A query limit cannot be used with FindNearest");
  }
  if (query.findNearest && offset > 0) {
    throw invalidArgument("A query offset cannot be used with FindNearest");
  }
  if (query.findNearest && (query.startAt ?? query.endAt)) {
    throw invalidArgument("A cursor cannot be used with FindNearest");
  }
  return { offset, limit };
}
