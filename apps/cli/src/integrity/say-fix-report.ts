import type { FixReport, FixStep } from "@ctb-data/integrity";
import { countOf } from "../terminal/count-of.ts";
import { sayNext } from "../terminal/next-step.ts";
import { printable } from "../terminal/printable.ts";
import { sayItem } from "../terminal/say-item.ts";
import type { Channel, Style } from "../terminal/terminal.ts";
import { isFault, severityCounts, severityStyles } from "./finding-counts.ts";
import { sayStatements } from "./say-finding.ts";

const stateStyles: Readonly<Record<FixStep["state"], Style>> = {
  planned: "yellow",
  done: "green",
  failed: "red",
  skipped: "yellow",
};

interface StepDetail {
  readonly statements: boolean;
}

/** Says what was done, or would be, for one finding. */
export function sayFixStep(out: Channel, step: FixStep, { statements }: StepDetail): void {
  const { finding, state, changed, reason } = step;
  const what = printable(finding.fix?.summary ?? finding.message);
  const count =
    state === "planned" || state === "done" ? ` (${changed.toLocaleString("en-US")} changed)` : "";
  sayItem(out, {
    mark: { text: state, style: stateStyles[state] },
    text: `${what}${count}`,
    indent: 0,
  });
  if (reason !== undefined) {
    sayItem(out, { text: printable(reason), indent: 2 });
  }
  out.write(`  ${out.paint("dim", `id: ${printable(finding.id)}`)}\n`);
  if (statements) {
    sayStatements(out, step.statements, 4);
  }
}

interface FixDetail extends StepDetail {
  /** The same command without `--dry-run`. */
  readonly fixCommand: string;
}

/** Says how a fix went, or would go: its steps, what is left, how to undo it. */
export function sayFixReport(out: Channel, report: FixReport, detail: FixDetail): void {
  for (const step of report.steps) {
    sayFixStep(out, step, detail);
  }
  sayLeft(out, report);
  if (report.steps.length === 0) {
    out.line(report.left.some(isFault) ? "Nothing that a fix could do." : "Nothing to fix.");
  } else if (report.dryRun) {
    out.line(
      `${stepsText(report, "planned")} would be fixed, ${changedText(report)}. This was a dry run: nothing was changed.`,
    );
    sayNext(out, detail.fixCommand);
    return;
  } else {
    sayDone(out, report);
  }
  sayNext(
    out,
    report.run === undefined ? "ctb-data integrity check" : `ctb-data integrity undo ${report.run}`,
  );
}

function sayDone(out: Channel, report: FixReport): void {
  const failed = report.steps.filter(({ state }) => state === "failed").length;
  const run = report.run === undefined ? "" : ` It is run ${report.run}.`;
  sayItem(out, {
    mark: failed > 0 ? { text: "✗", style: "red" } : { text: "✓", style: "green" },
    text: `${stepsText(report, "done")} fixed, ${changedText(report)}${failed > 0 ? `; ${failed} failed` : ""}.${run}`,
    indent: 0,
  });
}

function stepsText({ steps }: FixReport, state: FixStep["state"]): string {
  const there = steps.filter((step) => step.state === state).length;
  return there === steps.length
    ? countOf(steps.length, "finding")
    : `${there} of ${countOf(steps.length, "finding")}`;
}

function changedText({ steps, strategy }: FixReport): string {
  const count = (wanted: "postgres" | "firestore"): number =>
    steps.filter(({ store }) => store === wanted).reduce((sum, { changed }) => sum + changed, 0);
  const documents = count("firestore");
  const parts = [
    countOf(count("postgres"), "row"),
    ...(documents === 0 ? [] : [countOf(documents, "document")]),
  ];
  return `${parts.join(" and ")} changed by ${strategy}`;
}

/** What a fix leaves behind is said shortly: a check says all of it. */
function sayLeft(out: Channel, { left, dryRun }: FixReport): void {
  const faults = left.filter(isFault);
  if (faults.length === 0) return;
  out.line(`${dryRun ? "It would leave" : "Left"}: ${severityCounts(faults)}.`);
  for (const { severity, message, advice } of faults) {
    sayItem(out, {
      mark: { text: severity, style: severityStyles[severity] },
      text: printable(
        // One with statements below it is too long for here.
        advice === undefined || advice.includes("\n") ? message : `${message} ${advice}`,
      ),
      indent: 2,
    });
  }
}
