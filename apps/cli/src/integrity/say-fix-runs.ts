import type { FixRun } from "@ctb-data/integrity";
import { countOf } from "../terminal/count-of.ts";
import { sayNext } from "../terminal/next-step.ts";
import { shortTime } from "../terminal/short-time.ts";
import { renderTable, type TableCell } from "../terminal/table.ts";
import type { Channel, Style } from "../terminal/terminal.ts";

const stateStyles: Readonly<Record<FixRun["state"], Style>> = {
  running: "cyan",
  done: "green",
  failed: "red",
  interrupted: "red",
  undoing: "cyan",
  undone: "dim",
};

/** Says every run of `fix`, in the order that they are given, and which command undoes the first one that can be. */
export function sayFixRuns(out: Channel, runs: readonly FixRun[]): void {
  if (runs.length === 0) {
    out.line("No fix has run here: there is nothing to undo.");
    sayNext(out, "ctb-data integrity check");
    return;
  }
  out.line(
    renderTable(out, {
      columns: [
        { title: "run" },
        { title: "state" },
        { title: "started (UTC)", dropOrder: 1 },
        { title: "strategy", dropOrder: 3 },
        { title: "rows", align: "right", dropOrder: 4 },
        { title: "documents", align: "right", dropOrder: 5 },
        { title: "kept", align: "right", dropOrder: 2 },
      ],
      rows: runs.map(({ id, state, startedAt, strategy, rows, documents, kept }): TableCell[] => [
        id,
        { text: state, style: stateStyles[state] },
        shortTime(new Date(startedAt)),
        strategy,
        rows.toLocaleString("en-US"),
        documents.toLocaleString("en-US"),
        kept.toLocaleString("en-US"),
      ]),
    }),
  );
  out.line();
  out.line(`${countOf(runs.length, "run")}. What is kept can be put back.`);
  const next = runs.find(canBeUndone);
  if (next !== undefined) {
    sayNext(out, `ctb-data integrity undo ${next.id}`);
  }
}

/** Whether something of a run is still to be put back. */
export function canBeUndone({ state }: FixRun): boolean {
  return state !== "undone" && state !== "running";
}
