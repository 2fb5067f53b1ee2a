import type { Firestore } from "@ctb-data/firestore";
import type { Keyring } from "@ctb-data/models";
import type { Connection, Queryable } from "@ctb-data/postgres";
import type { Registry } from "@ctb-data/registry";

/** Sessions of one snapshot, lent one by one. */
export interface RowSessions {
  /** How many there are. */
  readonly size: number;
  /** Lends a session when one is free. It is within a transaction that reads only. */
  use<T>(fn: (connection: Connection) => Promise<T>): Promise<T>;
}

/** The rows at the moment of a snapshot, and as they are now. */
export interface RowStores {
  readonly sessions: RowSessions;
  /** Sees what was committed since: never one of the sessions. One statement at a time is enough. */
  readonly now: Queryable;
}

/** What documents are checked with. */
export interface DocumentStores {
  readonly registry: Registry;
  readonly firestore: Firestore;
  /** Undefined where there is no PostgreSQL: documents are then held against their models, and against each other. */
  readonly rows?: RowStores | undefined;
  /** Undefined: of encrypted fields only the form is looked at. */
  readonly keyring?: Keyring | undefined;
}
