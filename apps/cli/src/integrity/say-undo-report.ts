import type { UndoReport } from "@ctb-data/integrity";
import { countOf } from "../terminal/count-of.ts";
import { sayNext } from "../terminal/next-step.ts";
import { printable } from "../terminal/printable.ts";
import { sayItem } from "../terminal/say-item.ts";
import type { Channel } from "../terminal/terminal.ts";
import { exampleText } from "./example-text.ts";
import { sayStatements } from "./say-finding.ts";

/** Says what was put back, or would be, and what was not. */
export function sayUndoReport(out: Channel, report: UndoReport): void {
  const { run, dryRun, rows, documents, statements, conflicts, notes } = report;
  if (statements.length > 0) {
    out.line(dryRun ? "Would run:" : "Constraints as they were:");
    sayStatements(out, statements, 2);
  }
  for (const { store, place, key, reason } of conflicts) {
    const where = store === "firestore" ? place : `${place} ${exampleText({ key })}`;
    sayItem(out, {
      mark: { text: "conflict", style: "red" },
      text: `${printable(where)}: ${printable(reason)}`,
      indent: 0,
    });
  }
  for (const note of notes) {
    sayItem(out, { mark: { text: "·", style: "dim" }, text: printable(note), indent: 0 });
  }
  const what = `${countOf(rows, "row")} and ${countOf(documents, "document")} of run ${run}`;
  const not = conflicts.length === 0 ? "" : `; ${countOf(conflicts.length, "conflict")}`;
  if (dryRun) {
    out.line(`Would put back ${what}${not}. This was a dry run: nothing was changed.`);
    sayNext(out, `ctb-data integrity undo ${run}`);
    return;
  }
  const mark =
    conflicts.length === 0
      ? { text: "✓", style: "green" as const }
      : { text: "!", style: "yellow" as const };
  sayItem(out, { mark, text: `Put back ${what}${not}.`, indent: 0 });
  sayNext(out, "ctb-data integrity check");
}
