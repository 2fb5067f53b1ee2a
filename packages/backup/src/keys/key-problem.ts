/** Something to act on. An `error` keeps backups from being made or opened; a `warning` may do so one day. */
export interface KeyProblem {
  readonly severity: "error" | "warning";
  readonly message: string;
  readonly hint: string;
}
