import { formatProblem, type Problem } from "./problem.ts";

/** Why a registry or a vendor blueprint cannot be had. */
export type RegistryErrorCode =
  /** The text is there, but something in it is wrong: see `problems`. */
  | "INVALID_REGISTRY"
  | "INVALID_BLUEPRINT"
  /** There is no such file or folder, or the folder has no `*.yml`. */
  | "NOT_FOUND"
  /** A folder, pipe, device … where a file should be, or one that may not be read. */
  | "UNREADABLE"
  | "TOO_LARGE"
  | "NOT_UTF8"
  /** The edit that was asked for does not fit the file. */
  | "INVALID_EDIT";

/** What every function of this package throws. */
export class RegistryError extends Error {
  override readonly name = "RegistryError";
  readonly code: RegistryErrorCode;
  /** What to do about it. */
  readonly hint: string;
  /** All that is wrong, in the order of the files; never empty for `INVALID_…`. */
  readonly problems: readonly Problem[];

  constructor(
    code: RegistryErrorCode,
    message: string,
    details: {
      readonly hint: string;
      readonly problems?: readonly Problem[];
      readonly cause?: unknown;
    },
  ) {
    super(message, details.cause === undefined ? {} : { cause: details.cause });
    this.code = code;
    this.hint = details.hint;
    this.problems = details.problems ?? [];
  }
}

const shownProblems = 50;

/** One error for all the errors among `problems`, each on a line of its message. */
export function invalid(
  code: "INVALID_REGISTRY" | "INVALID_BLUEPRINT",
  what: string,
  problems: readonly Problem[],
): RegistryError {
  const errors = problems.filter((problem) => problem.severity === "error");
  const lines = errors.slice(0, shownProblems).map(formatProblem);
  const more = errors.length - lines.length;
  const count = errors.length === 1 ? "1 problem" : `${errors.length} problems`;
  return new RegistryError(
    code,
    `The ${what} has ${count}:\n  ${lines.join("\n  ")}${more > 0 ? `\n  and ${more} more` : ""}`,
    { hint: "Mend the lines that are named, then check again.", problems },
  );
}
