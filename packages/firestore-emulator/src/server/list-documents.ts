import { comparePaths } from "../name/compare-paths.ts";
import { checkCollectionId, lastId, nameOf, parentPath } from "../name/resource-name.ts";
import type { ListDocumentsRequest } from "../protocol/messages.ts";
import { parseQuery } from "../query/parse-query.ts";
import { queryMatcher } from "../query/query-matcher.ts";
import { runQuery } from "../query/run-query.ts";
import { invalidArgument } from "../rpc-error.ts";
import type { Collection } from "../store/collection.ts";
import type { Database } from "../store/database.ts";
import type { DocumentEntry } from "../store/document-entry.ts";
import type { StoredDocument } from "../store/stored-document.ts";
import { decodePageToken, encodePageToken } from "./page-token.ts";

/** One page of a collection. */
export interface DocumentPage {
  /** A document, or the path of one that does not exist and has something below it. */
  readonly documents: readonly (StoredDocument | string)[];
  /** Empty at the end. */
  readonly nextPageToken: string;
  /** What the page has read. */
  readonly covers: (document: StoredDocument) => boolean;
}

const defaultPageSize = 100;
const maxPageSize = 300;

/**
 * Lists the documents of a collection in the order of their names, and with `showMissing` also the places of documents that
 * do not exist and have something below them.
 *
 * @throws {RpcError} INVALID_ARGUMENT when the request asks for what cannot be.
 */
export function listDocuments(
  database: Database,
  parent: string,
  request: Pick<
    ListDocumentsRequest,
    "collectionId" | "pageSize" | "pageToken" | "showMissing" | "orderBy"
  >,
  time: number | undefined,
): DocumentPage {
  const { collectionId, pageSize, pageToken, showMissing, orderBy } = request;
  if (collectionId !== "") checkCollectionId(collectionId);
  // As the official emulator: @google-cloud/firestore 3 asks for 2^32 - 1, which is -1 on the wire, and always with showMissing.
  if (pageSize < 0 && !showMissing) throw invalidArgument("Page size must be nonnegative.");
  if (showMissing) checkShowMissing(collectionId, orderBy);
  const limit = pageSize <= 0 ? defaultPageSize : Math.min(pageSize, maxPageSize);
  const after = pageToken === "" ? undefined : decodePageToken(pageToken);
  const orders = parseOrders(orderBy);
  if (orders.some(({ field }) => field !== "__name__")) {
    return listOrdered(database, { parent, collectionId, orders, limit, after }, time);
  }
  const descending = orders[0]?.isDescending ?? false;
  const documents: (StoredDocument | string)[] = [];
  let last: string | undefined;
  let more = false;
  for (const entry of entriesOf(database, { parent, collectionId, descending }, after)) {
    const document = entry.at(time ?? Number.MAX_SAFE_INTEGER);
    if (!document && !(showMissing && hasBelow(entry, time))) continue;
    if (documents.length === limit) {
      more = true;
      break;
    }
    documents.push(document ?? entry.path);
    last = entry.path;
  }
  return {
    documents,
    nextPageToken: more && last !== undefined ? encodePageToken(last) : "",
    covers: ({ path }) => {
      const place = placeInList(path, { parent, collectionId });
      if (place === undefined || (place !== path && !showMissing)) return false;
      if (!more || last === undefined) return true;
      const order = comparePaths(place, last);
      return descending ? order >= 0 : order <= 0;
    },
  };
}

/** The document of the list that a path is of, or lies below. */
function placeInList(
  path: string,
  { parent, collectionId }: { readonly parent: string; readonly collectionId: string },
): string | undefined {
  const prefix = parent === "" ? "" : `${parent}/`;
  if (!path.startsWith(prefix)) return undefined;
  const [collection = "", id = ""] = path.slice(prefix.length).split("/", 2);
  const isListed = id !== "" && (collectionId === "" || collection === collectionId);
  return isListed ? `${prefix}${collection}/${id}` : undefined;
}

function checkShowMissing(collectionId: string, orderBy: string): void {
  if (orderBy !== "") throw invalidArgument("cannot specify an order when show_missing is true");
  if (collectionId === "") {
    throw invalidArgument("collection id must be set when show_missing is true");
  }
}

interface ListOrder {
  readonly field: string;
  readonly isDescending: boolean;
}

/** Reads `a desc, b.c`. */
function parseOrders(orderBy: string): ListOrder[] {
  if (orderBy.trim() === "") return [];
  return orderBy.split(",").map((part) => {
    const match = /^\s*(?<field>\S+)(?:\s+(?<direction>asc|desc))?\s*$/iu.exec(part);
    if (!match?.groups) throw invalidArgument(`Invalid order_by "${orderBy}".`);
    const { field = "", direction = "asc" } = match.groups;
    return { field, isDescending: direction.toLowerCase() === "desc" };
  });
}

/** A page in an order of fields, as a query gives it. A page token says how many came before. */
function listOrdered(
  database: Database,
  list: {
    readonly parent: string;
    readonly collectionId: string;
    readonly orders: readonly ListOrder[];
    readonly limit: number;
    readonly after: string | undefined;
  },
  time: number | undefined,
): DocumentPage {
  const offset = list.after === undefined ? 0 : Number(list.after);
  if (!Number.isSafeInteger(offset)) throw invalidArgument("invalid page token");
  const query = parseQuery(database.name, nameOf(database.name, list.parent), {
    from: [{ collectionId: list.collectionId, allDescendants: false }],
    orderBy: list.orders.map(({ field, isDescending }) => ({
      field: { fieldPath: field },
      direction: isDescending ? 2 : 1,
    })),
    offset,
    limit: { value: list.limit + 1 },
  });
  const { documents } = runQuery(database, query, time);
  return {
    documents: documents.slice(0, list.limit),
    nextPageToken:
      documents.length > list.limit ? encodePageToken(String(offset + list.limit)) : "",
    covers: queryMatcher({ ...query, limit: undefined }).matches,
  };
}

function entriesOf(
  database: Database,
  list: { parent: string; collectionId: string; descending: boolean },
  after: string | undefined,
): DocumentEntry[] | Generator<DocumentEntry> {
  const collections = database
    .collectionsBelow(list.parent)
    .filter(({ id }) => list.collectionId === "" || id === list.collectionId);
  return allEntries(
    list.descending ? collections.toReversed() : collections,
    list.descending,
    after,
  );
}

function* allEntries(
  collections: readonly Collection[],
  descending: boolean,
  after: string | undefined,
): Generator<DocumentEntry> {
  for (const collection of collections) {
    // The token's own collection goes on right there; those before it are done.
    const isAfters = after !== undefined && parentPath(after) === collection.path;
    const from = isAfters ? lastId(after) : undefined;
    for (const entry of descending ? collection.descending(from) : collection.ascending(from)) {
      const order = after === undefined ? 0 : comparePaths(entry.path, after);
      if (after === undefined || (descending ? order < 0 : order > 0)) yield entry;
    }
  }
}

/** Whether there is a document below that place, at that time. */
export function hasBelow(entry: DocumentEntry, time: number | undefined): boolean {
  for (const collection of entry.collections?.values() ?? []) {
    if (hasDocuments(collection, time)) return true;
  }
  return false;
}

/** Whether there is a document in the collection, or below one, at that time. */
export function hasDocuments(collection: Collection, time: number | undefined): boolean {
  for (const entry of collection.ascending()) {
    if (entry.at(time ?? Number.MAX_SAFE_INTEGER) ?? hasBelow(entry, time)) return true;
  }
  return false;
}
