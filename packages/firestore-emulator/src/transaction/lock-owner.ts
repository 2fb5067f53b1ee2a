import type { StoredDocument } from "../store/stored-document.ts";

/** A lock on all documents that a query reads, and on those that it would read if they were there. */
export interface QueryLock {
  /** The collection id that the query is of; `undefined` when of any. */
  readonly collectionId: string | undefined;
  readonly covers: (document: StoredDocument) => boolean;
}

/** What was read, and is locked against writes of others. */
export interface ReadSet {
  readonly documents: ReadonlySet<string>;
  readonly queries: readonly QueryLock[];
}

/**
 * Who holds locks or waits for some: a transaction, or a commit without one. What was read is locked against writes of
 * others until the end. A transaction that is tried again also keeps other such ones from reading the same (`update`
 * locks), so that among many that contend each succeeds at its second try.
 */
export class LockOwner implements ReadSet {
  /** In the order of their beginnings; one that is tried again keeps its place. The larger gives way in a deadlock. */
  readonly age: number;
  /** A commit without a transaction is never chosen to give way as long as there is a transaction. */
  readonly isTransaction: boolean;
  readonly isRetry: boolean;
  readonly documents: Set<string> = new Set();
  readonly queries: QueryLock[] = [];
  /** What it has written at its end. */
  written: ReadonlySet<string> = new Set();
  /** Set when it gave way to another: whatever comes of it later is ABORTED. */
  aborted = false;
  /** Set once its locks were released for good: it gets no others, which nobody would release. */
  ended = false;

  constructor(options: { age: number; isTransaction: boolean; isRetry: boolean }) {
    this.age = options.age;
    this.isTransaction = options.isTransaction;
    this.isRetry = options.isRetry;
  }
}
