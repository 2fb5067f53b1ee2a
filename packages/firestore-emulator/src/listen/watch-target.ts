import type { StoredDocument } from "../store/stored-document.ts";

/** One document before and after what the client has yet to be told. The two are not the same. */
export interface DocumentTransition {
  readonly path: string;
  readonly before: StoredDocument | undefined;
  readonly after: StoredDocument | undefined;
}

/** What a client is told of one document and one target. */
export interface TargetEffect {
  readonly path: string;
  /** As it is now; `undefined` when it does not exist. */
  readonly document: StoredDocument | undefined;
  /** Whether it belongs to the target now. */
  readonly isIn: boolean;
  /** Whether the document itself changed, not only what the target holds of others. */
  readonly changed: boolean;
}

/** What a client is told when a target starts. */
export interface TargetStart {
  readonly effects: readonly TargetEffect[];
  /** All that is in the target now. */
  readonly documents: readonly StoredDocument[];
  /** How many were in it at the time that it resumes from. */
  readonly previousCount: number;
}

/** A query, or a set of documents, that a client listens to. What it holds is as of the last call of `start` or `apply`. */
export interface WatchTarget {
  readonly id: number;
  /** Where the documents of the target can be: in collections of that id, anywhere, or only at these paths. */
  readonly place: TargetPlace;
  /** Reads the present. @param since a time whose documents the client has; `undefined` when it has none. */
  start(since: number | undefined): TargetStart;
  /** What the changes mean for the target. They are all between what it was and the present. */
  apply(changes: readonly DocumentTransition[]): readonly TargetEffect[];
}

export type TargetPlace =
  | { readonly kind: "collections"; readonly id: string }
  | { readonly kind: "anywhere" }
  | { readonly kind: "documents"; readonly paths: ReadonlySet<string> };

/** From the documents that were in a target to those that are. @param read gives a document as it is now. */
export function effectsBetween(
  before: readonly StoredDocument[],
  after: readonly StoredDocument[],
  read: (path: string) => StoredDocument | undefined,
): readonly TargetEffect[] {
  const previous = new Map(before.map((document) => [document.path, document]));
  const effects: TargetEffect[] = [];
  for (const document of after) {
    const { path } = document;
    if (previous.get(path) !== document) {
      effects.push({ path, document, isIn: true, changed: true });
    }
    previous.delete(path);
  }
  const left = [...previous].map(([path, was]): TargetEffect => {
    const document = read(path);
    return { path, document, isIn: false, changed: document !== was };
  });
  return [...left, ...effects];
}
