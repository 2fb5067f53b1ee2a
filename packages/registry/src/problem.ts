import { closestMatch } from "leven";

/** What is wrong with a file, as a word that does not change when the message is reworded. */
export type ProblemCode =
  | "yaml-syntax"
  | "duplicate-key"
  | "unsupported-yaml"
  | "too-large"
  | "unreadable"
  | "empty"
  | "unknown-key"
  | "missing-key"
  | "wrong-value"
  | "invalid-name"
  | "duplicate-name"
  | "unknown-name"
  | "unknown-type"
  | "conflict"
  | "invalid-sql"
  | "invalid-reference"
  | "invalid-encryption"
  | "lossy-mapping"
  | "invalid-document";

/** One thing that is wrong with a file, and where. */
export interface Problem {
  readonly severity: "error" | "warning";
  readonly code: ProblemCode;
  /** As it was given to the loader. */
  readonly file: string;
  /** From 1. */
  readonly line: number;
  /** From 1, in UTF-16 code units. */
  readonly column: number;
  /** As in `tables.clients.columns[1]`; empty for the file as a whole. */
  readonly path: string;
  /** What is wrong, without place and path. */
  readonly message: string;
  /** What to do about it. */
  readonly hint?: string;
}

/** One line for people: `registry.yml:9:9 tables.clients.columns[1]: unknown key "nulable", did you mean "nullable"?` */
export function formatProblem(problem: Problem): string {
  const place = `${problem.file}:${problem.line}:${problem.column}`;
  const path = problem.path === "" ? "" : ` ${problem.path}`;
  const hint = problem.hint === undefined ? "" : ` (${problem.hint})`;
  return `${place}${path}: ${problem.message}${hint}`;
}

/** So many names are compared letter by letter: a registry of 10,000 tables may have 1,000 wrong references. */
const maxCompared = 2000;

/** The one of `known` that `name` may be a misspelling of: at most a third of its letters differ, or two are swapped. */
export function nearest(name: string, known: Iterable<string>): string | undefined {
  // Longer names are never typed by hand, and a distance to each of thousands of names costs time.
  if (name.length > 63) return undefined;
  const maxDistance = Math.max(1, Math.floor(name.length / 3));
  const candidates = [...known].filter(
    (candidate) => Math.abs(candidate.length - name.length) <= maxDistance,
  );
  const lowered = name.toLowerCase();
  const compared = candidates.slice(0, maxCompared);
  const letters = lettersOf(name);
  return (
    candidates.find((candidate) => candidate.toLowerCase() === lowered) ??
    closestMatch(name, compared, { maxDistance }) ??
    compared.find((candidate) => candidate.length > 2 && lettersOf(candidate) === letters)
  );
}

/** Swapped letters count as two changes, which is too much for a short word. */
function lettersOf(name: string): string {
  return name.split("").toSorted().join("");
}

/** A name or value for a message: in quotes, on one line, not longer than 60 characters. */
export function quoted(text: string): string {
  return JSON.stringify(text.length > 60 ? `${text.slice(0, 57)}…` : text);
}

/** `, did you mean "x"?` for a message, or nothing. */
export function suggestion(name: string, known: Iterable<string>): string {
  const near = nearest(name, known);
  return near === undefined ? "" : `, did you mean ${quoted(near)}?`;
}
