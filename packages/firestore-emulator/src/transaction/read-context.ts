import type { Database } from "../store/database.ts";
import type { Transaction } from "./transaction.ts";

/** At which time, and in which transaction, a request reads. */
export interface ReadContext {
  readonly database: Database;
  /** `undefined` reads the present and locks it: in a transaction that may write. */
  readonly time: number | undefined;
  readonly transaction: Transaction | undefined;
  /** The id of a transaction that was begun with this request, for the answer. */
  readonly begun: Buffer | undefined;
}
