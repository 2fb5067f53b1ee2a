import type { LockOwner } from "./lock-owner.ts";

/** A transaction that was begun and is not ended. */
export interface Transaction {
  /** What the client names it by. */
  readonly id: Buffer;
  /** Of the database it belongs to. */
  readonly database: string;
  /** Reads at this time and may not write; `undefined` for one that may. Microseconds. */
  readonly readTime: number | undefined;
  readonly owner: LockOwner;
}
