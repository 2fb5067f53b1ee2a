import { comparePaths } from "../name/compare-paths.ts";
import { checkCollectionId, lastId, parentPath } from "../name/resource-name.ts";
import type { ListDocumentsRequest } from "../protocol/messages.ts";
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
  if (pageSize < 0) throw invalidArgument("page_size is negative.");
  if (showMissing && orderBy !== "") {
    throw invalidArgument("Cannot specify order_by when show_missing is true.");
  }
  const descending = parseOrder(orderBy);
  const limit = pageSize === 0 ? defaultPageSize : Math.min(pageSize, maxPageSize);
  const after = pageToken === "" ? undefined : decodePageToken(pageToken);
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
    covers: ({ path }) => !more || last === undefined || comparePaths(path, last) <= 0,
  };
}

/** Only the name can be ordered by here, as in the service without an index. */
function parseOrder(orderBy: string): boolean {
  const match = /^\s*(?:`?__name__`?(?:\s+(asc|desc))?)?\s*$/iu.exec(orderBy);
  if (!match)
    throw invalidArgument(`Unsupported order_by "${orderBy}": only __name__ is possible.`);
  return match[1]?.toLowerCase() === "desc";
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
