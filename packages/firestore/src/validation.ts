import type { FirestoreTimestamp } from "@ctb-data/models";

export interface ValidateOptions {
  /** The ids of the collections. Default: all of the registry, and a look at what else there is. */
  readonly collections?: readonly string[];
  /** How many documents of each collection: some from its beginning, some from a random place on. Default: all. */
  readonly sample?: number;
  /** What was there then. Default: now. It must stay readable as long as the reading takes: an hour. */
  readonly readTime?: FirestoreTimestamp | Date;
  /** How many documents are named for each finding. Default 5. */
  readonly examples?: number;
  /** Documents of one request. Default 500. */
  readonly pageSize?: number;
  readonly signal?: AbortSignal;
  /** Called after each page. */
  readonly onProgress?: (progress: ValidationProgress) => void;
}

export interface ValidationProgress {
  readonly collection: string;
  /** Of this collection, so far. */
  readonly documents: number;
  readonly invalid: number;
}

/** What was found, at one moment. */
export interface ValidationReport {
  /** Everything fits, and nothing is there that the registry does not know. */
  readonly ok: boolean;
  readonly readTime: FirestoreTimestamp;
  /** How many documents were looked at, and how many of them do not fit. */
  readonly documents: number;
  readonly invalid: number;
  readonly collections: readonly CollectionReport[];
  /** Collections that the registry does not know: of the root, and under documents that were looked at in a sample. */
  readonly unknownCollections: readonly UnknownCollection[];
}

export interface CollectionReport {
  readonly collection: string;
  /** The table whose rows they are. */
  readonly table: string | undefined;
  readonly documents: number;
  readonly invalid: number;
  /** Every document was looked at. */
  readonly complete: boolean;
  /** The most frequent first. */
  readonly findings: readonly Finding[];
}

/** One thing that is wrong in one field of one or more documents. */
export interface Finding {
  /** `config.steps[].name`; empty for the document itself. Names that the registry does not know are there as well. */
  readonly field: string;
  readonly kind: "missing" | "unknown field" | "wrong value";
  /** Says what is wrong, without the value. */
  readonly message: string;
  readonly documents: number;
  /** Paths of the first ones. */
  readonly examples: readonly string[];
}

export interface UnknownCollection {
  /** `notes`, or under documents `clients/*` + `/notes`. */
  readonly path: string;
  /** A document under which it is; undefined in the root. */
  readonly example: string | undefined;
}
