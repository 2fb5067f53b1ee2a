import type { Finding, Severity } from "@ctb-data/integrity";
import { countOf } from "../terminal/count-of.ts";
import type { Style } from "../terminal/terminal.ts";

/** How the severities look. */
export const severityStyles: Readonly<Record<Severity, Style>> = {
  error: "red",
  warning: "yellow",
  note: "cyan",
};

/** How many of each severity: `2 errors, 1 warning and 3 notes`; empty for none. */
export function severityCounts(findings: readonly Pick<Finding, "severity">[]): string {
  const parts = (["error", "warning", "note"] as const).flatMap((severity) => {
    const count = findings.filter((finding) => finding.severity === severity).length;
    return count === 0 ? [] : [countOf(count, severity)];
  });
  return joinWords(parts);
}

/** `a`, `a and b`, `a, b and c`. */
export function joinWords(words: readonly string[]): string {
  return words.length < 2
    ? words.join("")
    : `${words.slice(0, -1).join(", ")} and ${words.at(-1) ?? ""}`;
}

/** Whether something is wrong, or may become wrong: what an exit code tells. */
export function isFault({ severity }: Pick<Finding, "severity">): boolean {
  return severity !== "note";
}
