import {
  issuesError,
  ModelError,
  type IssueCode,
  type ModelErrorCode,
  type ModelIssue,
} from "./model-error.ts";
import { ValueProblem } from "./value-problem.ts";

/** Collects all that is wrong with a value, to throw it at once. */
export class IssueList {
  readonly #issues: ModelIssue[] = [];

  get isEmpty(): boolean {
    return this.#issues.length === 0;
  }

  /** Adds a problem of a property. What is not about the value itself (a missing key, a bug) is thrown on. */
  addError(name: string, error: unknown): void {
    if (!(error instanceof ValueProblem)) throw error;
    this.#issues.push({
      path: [name, ...error.path],
      code: error.code,
      message: error.message,
      ...(error.hint === undefined ? {} : { hint: error.hint }),
    });
  }

  /** Adds a problem of a property, or of the whole. */
  add(
    name: string | undefined,
    problem: Omit<ModelIssue, "path"> & { readonly code: IssueCode },
  ): void {
    this.#issues.push({ path: name === undefined ? [] : [name], ...problem });
  }

  /** @throws {ModelError} when there is an issue */
  throwIfAny(options: {
    readonly code: ModelErrorCode;
    readonly subject: string;
    readonly table: string;
  }): void {
    if (this.#issues.length > 0) throw issuesError(this.#issues, options);
  }
}

/** What zod is told of an error: its issues, or the error itself as the one issue. */
export function zodIssues(error: unknown): readonly ModelIssue[] {
  if (!(error instanceof ModelError)) throw error;
  return error.issues.length > 0 ? error.issues : [{ path: [], message: error.message }];
}
