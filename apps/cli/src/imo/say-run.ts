import type { RunRecord, StageName, StageRecord } from "@ctb-data/pipeline";
import { bytesText } from "../terminal/bytes-text.ts";
import { durationText } from "../terminal/count-of.ts";
import { printable } from "../terminal/printable.ts";
import { sayItem } from "../terminal/say-item.ts";
import { shortTime } from "../terminal/short-time.ts";
import type { Channel, Style } from "../terminal/terminal.ts";
import { blueprintText } from "./choose-blueprint.ts";
import { rejectsOfTable } from "./export-file.ts";
import { refusedIn, shownCounts, stageNames } from "./run-counts.ts";
import { fileText, sayFailures } from "./say-failures.ts";

const stateStyles: Readonly<Record<StageRecord["state"], Style>> = {
  pending: "yellow",
  running: "cyan",
  done: "green",
  failed: "red",
  cancelled: "yellow",
};

/** How much of a run is said. */
export interface RunDetail {
  /** Times, files, positions and workers, too. */
  readonly isFull: boolean;
  /** All unless said. */
  readonly stages?: readonly StageName[] | undefined;
  /** The file of records that the intake has rejected, where it is not the one beside its input. */
  readonly rejects?: string | undefined;
}

/** Says a run: each stage with what it has counted and the first records that it refused. A dry run has no number. */
export function sayRun(out: Channel, record: RunRecord, detail: RunDetail): void {
  const { isFull, stages } = detail;
  const name = blueprintText(record);
  const title = record.id === 0 ? `Dry run of ${name}` : `Run ${record.id} of ${name}`;
  const made =
    isFull && record.createdAt !== undefined
      ? `, made ${shortTime(new Date(record.createdAt))} UTC`
      : "";
  sayItem(out, { text: `${title}${made}`, style: "bold", indent: 0 });
  for (const stage of stages ?? stageNames) {
    const what = record[stage];
    if (what !== undefined) {
      sayStage(out, stage, {
        stage: what,
        isFull,
        isDryRun: record.id === 0,
        unless: isFull && stage === "input" ? elsewhere : "",
        rejects:
          record.id === 0
            ? undefined
            : rejectsOf(stage, what, { ...detail, vendor: record.vendor }),
      });
    }
  }
}

/** Whatever writes it puts it beside the file that it is about. */
function rejectsOf(
  name: StageName,
  { target, files }: StageRecord,
  { rejects, vendor }: RunDetail & { readonly vendor: string },
): string | undefined {
  const file = target?.file ?? files?.[0]?.file;
  if (name === "output" && target?.file.startsWith("table ") === true)
    return rejectsOfTable(vendor);
  const beside = file === undefined ? undefined : `${file}.rejected.ndjson`;
  return name === "input" ? (rejects ?? beside) : beside;
}

/** What the record of a run does not tell. */
const elsewhere = ", unless --rejects said another file";

interface StageDetail {
  readonly stage: StageRecord;
  readonly isFull: boolean;
  readonly isDryRun: boolean;
  readonly rejects: string | undefined;
  readonly unless: string;
}

const nameWidth = 7;
const stateWidth = 9;

function sayStage(out: Channel, name: StageName, detail: StageDetail): void {
  const { stage, isFull } = detail;
  const { state, ms } = stage;
  const counts = shownCounts(name, stage).join(", ");
  const text = [counts, ms === undefined ? "" : durationText(ms)]
    .filter((part) => part !== "")
    .join("; ");
  // What is done, but not with every record, looks as it should: there is something to be seen below.
  const style = state === "done" && refusedIn(name, stage) > 0 ? "yellow" : stateStyles[state];
  const begin = name.padEnd(nameWidth);
  if (text === "") {
    sayItem(out, { text: `${begin} ${state}`, style, indent: 2 });
  } else {
    const mark = { text: `${begin} ${state.padEnd(stateWidth)}`, style };
    sayItem(out, { mark, text, indent: 2 });
  }
  sayFiles(out, stage);
  if (isFull) sayPlaces(out, stage);
  sayFailures(out, name, detail);
  if (stage.failure !== undefined) {
    sayItem(out, { mark: { text: "✗", style: "red" }, text: printable(stage.failure), indent: 4 });
  }
}

const shownDigits = 12;

function sayFiles(out: Channel, { files, target, state }: StageRecord): void {
  for (const { file, bytes, sha256 } of files ?? []) {
    const hash = sha256 === "" ? "" : `, SHA-256 ${printable(sha256.slice(0, shownDigits))}…`;
    sayItem(out, { text: `${fileText(file)}: ${bytesText(bytes)}${hash}`, indent: 4 });
  }
  if (files === undefined && target !== undefined && state !== "done") {
    sayItem(out, { text: fileText(target.file), indent: 4 });
  }
}

const shownPositions = 5;

function sayPlaces(out: Channel, { startedAt, finishedAt, positions, workers }: StageRecord): void {
  const times = [
    ...(startedAt === undefined ? [] : [`began ${shortTime(new Date(startedAt))}`]),
    ...(finishedAt === undefined ? [] : [`ended ${shortTime(new Date(finishedAt))}`]),
  ];
  if (times.length > 0) sayItem(out, { text: `${times.join(", ")} UTC`, style: "dim", indent: 4 });
  if (workers !== undefined && workers.length > 0) {
    sayItem(out, { text: `by ${workers.map(printable).join(", ")}`, style: "dim", indent: 4 });
  }
  for (const position of (positions ?? []).slice(0, shownPositions)) {
    sayItem(out, { text: `came to ${printable(position)}`, style: "dim", indent: 4 });
  }
  const more = (positions ?? []).length - shownPositions;
  if (more > 0) sayItem(out, { text: `and ${more} more positions`, style: "dim", indent: 4 });
}
