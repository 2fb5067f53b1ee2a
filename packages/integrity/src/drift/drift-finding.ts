import { quoteIdentifier } from "@ctb-data/postgres";
import type { Finding, FindingKind, PlannedFix, Severity } from "../finding.ts";

/** What one finding about the schema says. */
export interface DriftText {
  readonly id: string;
  readonly kind?: FindingKind;
  /** Default `warning`. */
  readonly severity?: Severity;
  readonly table?: string;
  readonly columns?: readonly string[];
  readonly constraint?: string;
  readonly message: string;
  readonly fix?: PlannedFix;
  readonly advice?: string;
}

export function driftFinding(text: DriftText): Finding {
  return {
    kind: "drift",
    severity: "warning",
    store: "postgres",
    count: 1,
    examples: [],
    ...text,
  };
}

/** A sentence that ends with a colon, and under it the statements, each on a line with its semicolon. */
export function adviceOf(sentence: string, statements: readonly string[]): string {
  return [sentence, ...statements.map((statement) => `${statement};`)].join("\n");
}

/** The place in the id of a finding. Names are quoted as in SQL, so that no two places have the same id. */
export function columnPlace(table: string, column: string): string {
  return `${quoteIdentifier(table)}.${quoteIdentifier(column)}`;
}

/** Constraints and indexes, told apart from columns by the slash. */
export function partPlace(table: string, part: string): string {
  return `${quoteIdentifier(table)}/${quoteIdentifier(part)}`;
}

/** `a`, `a and b`, `a, b and c` */
export function listed(names: readonly string[]): string {
  if (names.length < 2) return names.join("");
  return `${names.slice(0, -1).join(", ")} and ${names.at(-1)}`;
}
