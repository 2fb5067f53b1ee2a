/** How a field of an index is indexed. */
export type DeployedFieldConfig =
  | { readonly order: "ASCENDING" | "DESCENDING" }
  | { readonly arrayConfig: "CONTAINS" }
  | { readonly vectorConfig: { readonly dimension: number } };

/** `CREATING`: it is being built, and queries cannot use it yet. `NEEDS_REPAIR`: building it failed. */
export type DeployedState = "CREATING" | "READY" | "NEEDS_REPAIR";

/** A composite index, in the words of `firestore.indexes.json`. */
export interface DeployedIndex {
  readonly collectionGroup: string;
  readonly queryScope: string;
  /** As Google lists them, with the `__name__` that it adds. */
  readonly fields: readonly ({ readonly fieldPath: string } & DeployedFieldConfig)[];
  readonly state: DeployedState;
}

/** A field that is not indexed as all others are, or whose values say when documents are to be deleted. */
export interface DeployedFieldOverride {
  readonly collectionGroup: string;
  readonly fieldPath: string;
  /** Undefined when it is indexed as all others are. */
  readonly indexes?: readonly (DeployedFieldConfig & {
    readonly queryScope: string;
    readonly state: DeployedState;
  })[];
  readonly ttl: boolean;
}

/** What Google has of a database beside its documents. */
export interface DeployedRules {
  readonly indexes: readonly DeployedIndex[];
  readonly fieldOverrides: readonly DeployedFieldOverride[];
  /** The security rules that are in force. Undefined when none were ever released: then apps may do nothing. */
  readonly rules: { readonly text: string; readonly releasedAt: string } | undefined;
}
