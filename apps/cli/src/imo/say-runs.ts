import type { RunRecord, RunStatus, StageName, StageRecord } from "@ctb-data/pipeline";
import { countOf } from "../terminal/count-of.ts";
import { sayNext } from "../terminal/next-step.ts";
import { shortTime } from "../terminal/short-time.ts";
import { renderTable, type TableCell } from "../terminal/table.ts";
import type { Channel, Style } from "../terminal/terminal.ts";
import { blueprintText } from "./choose-blueprint.ts";
import { needsCare, refusedBy, sumOfCounts } from "./run-counts.ts";

/** How the states of a run look. */
export const statusStyles: Readonly<Record<RunStatus, Style>> = {
  pending: "yellow",
  running: "cyan",
  failed: "red",
  complete: "green",
  cancelled: "dim",
};

/** Says runs as a table, in the order that they are given, and how one of them is looked at. */
export function sayRuns(out: Channel, runs: readonly RunRecord[], limit: number): void {
  if (runs.length === 0) {
    out.line("No blueprint has run here yet.");
    sayNext(out, "ctb-data imo run --help");
    return;
  }
  out.line(
    renderTable(out, {
      columns: [
        { title: "run", align: "right" },
        { title: "status" },
        { title: "blueprint", wraps: true },
        { title: "made (UTC)", dropOrder: 1 },
        { title: "input", align: "right", dropOrder: 4 },
        { title: "middle", align: "right", dropOrder: 3 },
        { title: "output", align: "right", dropOrder: 2 },
        { title: "refused", align: "right" },
      ],
      rows: runs.map(rowOf),
    }),
  );
  out.line();
  const rest = runs.length === limit ? `; older ones with --limit ${limit * 2}` : "";
  out.line(`${countOf(runs.length, "run")}, the newest first${rest}.`);
  const next = runs.find(needsCare) ?? runs[0];
  if (next !== undefined) sayNext(out, `ctb-data imo status ${next.id}`);
}

function rowOf(record: RunRecord): readonly TableCell[] {
  const { id, status, createdAt } = record;
  const refused = refusedBy(record);
  return [
    String(id),
    { text: status, style: statusStyles[status] },
    blueprintText(record),
    createdAt === undefined ? "" : shortTime(new Date(createdAt)),
    stageCell("input", record.input),
    stageCell("middle", record.middle),
    stageCell("output", record.output),
    refused === 0 ? "0" : { text: refused.toLocaleString("en-US"), style: "red" },
  ];
}

const good: Readonly<Record<StageName, readonly string[]>> = {
  input: ["created", "changed", "unchanged"],
  middle: ["inserted", "updated", "adopted", "unchanged"],
  output: ["written"],
};

/** How many records have come through a stage; what else it is where it is not done. */
function stageCell(name: StageName, stage: StageRecord | undefined): TableCell {
  if (stage === undefined) return "";
  const names = name === "middle" && stage.step === "validate" ? ["valid"] : good[name];
  const count = sumOfCounts(stage.counts, names).toLocaleString("en-US");
  return stage.state === "done" ? count : `${stage.state} ${count}`;
}
