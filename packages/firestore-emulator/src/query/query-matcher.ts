import { valueAt } from "../name/field-path.ts";
import { lastId, parentPath } from "../name/resource-name.ts";
import type { CollectionScope } from "../store/database.ts";
import type { StoredDocument } from "../store/stored-document.ts";
import { filterMatcher } from "./field-matcher.ts";
import { isDocumentName } from "./parse-query-field.ts";
import type { ParsedQuery } from "./parsed-query.ts";
import { compareSortKeys, isAfterStart, isBeforeEnd, sortKeysOf } from "./sort-keys.ts";

/** What a query says of single documents and of two. */
export interface QueryMatcher {
  /** Whether the document is one of the query's, before its offset and its limit. */
  readonly matches: (document: StoredDocument) => boolean;
  /** The order of the query, of two documents that match. Never 0 for two different ones. */
  readonly compare: (left: StoredDocument, right: StoredDocument) => number;
}

/** Makes a query's questions ready to be asked of many documents. */
export function queryMatcher(query: ParsedQuery): QueryMatcher {
  const { matches, compare } = documentMatcher(query);
  const { scope } = query;
  return {
    matches: (document) => isInScope(scope, document.path) && matches(document),
    compare,
  };
}

/** The same for documents that are known to be in the collections that the query reads. */
export function documentMatcher({ filter, orderBy, startAt, endAt }: ParsedQuery): QueryMatcher {
  const matchesFilter = filter ? filterMatcher(filter) : () => true;
  const ordered = orderBy.map(({ field }) => field).filter((field) => !isDocumentName(field));
  const isBetween = (document: StoredDocument): boolean => {
    const keys = sortKeysOf(orderBy, document);
    return (
      keys !== undefined &&
      (!startAt || isAfterStart(orderBy, keys, startAt)) &&
      (!endAt || isBeforeEnd(orderBy, keys, endAt))
    );
  };
  const isOrdered =
    startAt || endAt
      ? isBetween
      : ({ fields }: StoredDocument) =>
          ordered.every((field) => valueAt(fields, field) !== undefined);
  return {
    matches: (document) => matchesFilter(document) && isOrdered(document),
    compare: (left, right) => {
      const ours = sortKeysOf(orderBy, left);
      const theirs = sortKeysOf(orderBy, right);
      return ours && theirs ? compareSortKeys(orderBy, ours, theirs) : 0;
    },
  };
}

/** Whether the document at that path is in one of the collections that a query reads. */
export function isInScope(scope: CollectionScope, path: string): boolean {
  const collection = parentPath(path);
  if (scope.collectionId !== undefined && lastId(collection) !== scope.collectionId) return false;
  if (!scope.allDescendants) return parentPath(collection) === scope.parent;
  return scope.parent === "" || path.startsWith(`${scope.parent}/`);
}
