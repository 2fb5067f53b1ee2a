import type { FieldPath } from "../name/field-path.ts";
import type { StoredDocument } from "../store/stored-document.ts";

/**
 * A way to find the documents of a query: it gives all that match, and perhaps more. They come in the order of the query, or
 * of its first order alone, or in none.
 */
export interface Access {
  /** About how many documents it gives. */
  readonly estimate: number;
  readonly order: "query" | "first" | "none";
  /** The fields whose indexes it reads. */
  readonly fields: readonly FieldPath[];
  readonly open: () => Iterable<StoredDocument>;
}

type Compare = (left: StoredDocument, right: StoredDocument) => number;

/** What any of several ways give, each document once. */
export function unionOf(parts: readonly Access[], compare: Compare): Access {
  const [only, ...others] = parts;
  if (only && others.length === 0) return only;
  const isOrdered = parts.every(({ order }) => order === "query");
  return {
    estimate: parts.reduce((sum, { estimate }) => sum + estimate, 0),
    order: isOrdered ? "query" : "none",
    fields: parts.flatMap(({ fields }) => fields),
    open: () =>
      isOrdered
        ? merged(
            parts.map(({ open }) => open()),
            compare,
          )
        : concatenated(parts),
  };
}

function* concatenated(parts: readonly Access[]): Generator<StoredDocument, void> {
  const seen = new Set<StoredDocument>();
  for (const { open } of parts) {
    for (const document of open()) {
      if (seen.has(document)) continue;
      seen.add(document);
      yield document;
    }
  }
}

/** What is in any of several lists that are in the same order, in that order and each document once. */
export function* merged(
  lists: readonly Iterable<StoredDocument>[],
  compare: Compare,
): Generator<StoredDocument, void> {
  const iterators = lists.map((list) => list[Symbol.iterator]());
  const heads = iterators.map((iterator) => iterator.next());
  let last: StoredDocument | undefined;
  for (;;) {
    let first = -1;
    let lowest: StoredDocument | undefined;
    for (const [index, head] of heads.entries()) {
      if (head.done === true) continue;
      if (lowest && compare(lowest, head.value) <= 0) continue;
      lowest = head.value;
      first = index;
    }
    const next = iterators[first]?.next();
    if (!lowest || !next) return;
    heads[first] = next;
    if (lowest !== last) yield lowest;
    last = lowest;
  }
}
