/** A condition on the document that is written. */
export interface WriteCondition {
  /** Of the document that was read: the write fails when somebody has changed it since. */
  readonly lastUpdateTime?: { readonly seconds: number; readonly nanoseconds: number };
}
