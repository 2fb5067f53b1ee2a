import type { PlacedFailure, StageName, StageRecord } from "@ctb-data/pipeline";
import { shownPath } from "../project/shown-path.ts";
import { countOf } from "../terminal/count-of.ts";
import { printable } from "../terminal/printable.ts";
import { sayItem } from "../terminal/say-item.ts";
import type { Channel } from "../terminal/terminal.ts";
import { doubtsIn, refusedIn } from "./run-counts.ts";

/** So many failures are shown one by one. */
const shownFailures = 10;

/** What is said of a stage. */
export interface FailureDetail {
  readonly stage: StageRecord;
  /** Nothing was written, and so all of them are nowhere. */
  readonly isDryRun: boolean;
  /** The file of records that were rejected; undefined when none was written. */
  readonly rejects: string | undefined;
  /** What is said behind its name. */
  readonly unless: string;
}

/** Says the first failures of a stage, how many records more there are, and where all of them are. */
export function sayFailures(out: Channel, name: StageName, detail: FailureDetail): void {
  const { stage, isDryRun } = detail;
  const shown = stage.firstErrors.slice(0, shownFailures);
  for (const failure of shown) {
    sayItem(out, { text: `· ${failureText(failure)}`, indent: 4 });
  }
  const records = refusedIn(name, stage) + (name === "input" ? doubtsIn(stage) : 0);
  const more = moreText(stage.firstErrors, shown, records);
  const where = isDryRun ? dryText(name, stage) : whereText(name, detail);
  const text = [more, ...where].filter((part) => part !== "").join("; ");
  if (text !== "") sayItem(out, { text, style: "dim", indent: 4 });
}

/** `line 7, email: It is no e-mail address. (wrong_format)` */
function failureText({ place, field, code, message }: PlacedFailure): string {
  const what = field === "" ? "" : `, ${printable(field)}`;
  return `${printable(place)}${what}: ${printable(message)} (${printable(code)})`;
}

function moreText(
  all: readonly PlacedFailure[],
  shown: readonly PlacedFailure[],
  records: number,
): string {
  if (shown.length === 0) return "";
  const places = new Set(shown.map(({ place }) => place));
  // A record may have several failures, and only the first failures of a stage are kept.
  const others = Math.max(records, new Set(all.map(({ place }) => place)).size) - places.size;
  if (others > 0) return `… and ${countOf(others, "more record", "more records")}`;
  const rest = all.length - shown.length;
  return rest > 0 ? `… and ${countOf(rest, "more failure", "more failures")} of these` : "";
}

/** Where people find every record that was refused. */
function whereText(name: StageName, { stage, rejects, unless }: FailureDetail): readonly string[] {
  const refused = refusedIn(name, stage);
  if (name === "middle") {
    return refused === 0
      ? []
      : ["all are in the collection validation_failed until they are mended"];
  }
  return [
    ...(refused === 0 || rejects === undefined
      ? []
      : [`all that were rejected are in ${fileText(rejects)}${unless}`]),
    ...(name === "input" && doubtsIn(stage) > 0
      ? ["doubtful ones became documents all the same, to be mended there"]
      : []),
  ];
}

function dryText(name: StageName, stage: StageRecord): readonly string[] {
  return name === "input" && doubtsIn(stage) > 0
    ? ["doubtful ones would become documents all the same, to be mended there"]
    : [];
}

/** A file of a record: the path as people would type it here. */
export function fileText(file: string): string {
  return printable(file.startsWith("/") ? shownPath(file) : file);
}
