/** How documents come into the table. */
export type PromotionKind = "own" | "loop" | "batches" | "floor";

/** What the process under test does. */
export interface PromotionJob {
  readonly kind: PromotionKind;
  readonly url: string;
  /** `127.0.0.1:8080` */
  readonly host: string;
  readonly projectId: string;
}
