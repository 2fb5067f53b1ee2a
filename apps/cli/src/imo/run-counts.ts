import type { RunRecord, StageName, StageRecord } from "@ctb-data/pipeline";
import { printable } from "../terminal/printable.ts";

/** The stages of a run, in their order. */
export const stageNames: readonly StageName[] = ["input", "middle", "output"];

/** What each stage counts, in the order in which people are told: jsonb keeps none. */
const countNames: Readonly<Record<StageName, readonly string[]>> = {
  input: ["read", "created", "changed", "unchanged", "repeated", "doubtful", "rejected"],
  middle: [
    "read",
    "valid",
    "inserted",
    "updated",
    "adopted",
    "unchanged",
    "superseded",
    "waiting",
    "invalid",
    "refused",
    "displaced",
    "changed",
    "unmarked",
    "marked",
    "cleared",
  ],
  output: ["read", "written", "rejected"],
};

/** What tells people nothing: how often what waits was looked at. */
const unsaid: ReadonlySet<string> = new Set(["middle again"]);

/** How a count is called where its name would not be understood. */
const words: Readonly<Record<string, string>> = {
  "middle waiting": "waited",
  "middle changed": "changed meanwhile",
};

/** The counts of records of which people must know, because something is to be done about them. */
const refusals: Readonly<Record<StageName, readonly string[]>> = {
  input: ["rejected"],
  middle: ["invalid", "refused", "displaced", "changed", "unmarked"],
  output: ["rejected"],
};

/**
 * What a stage has counted, as `2 rejected`, without what there was none of; `read` always, and counts of a newer version at the
 * end.
 */
export function shownCounts(stage: StageName, { counts }: StageRecord): readonly string[] {
  const known = countNames[stage];
  const unknown = Object.keys(counts)
    .filter((name) => !known.includes(name) && !unsaid.has(`${stage} ${name}`))
    .toSorted();
  return [...known, ...unknown].flatMap((name) => {
    const count = countOf(counts, name);
    if (count === 0 && !(name === "read" && Object.hasOwn(counts, name))) return [];
    return [`${count.toLocaleString("en-US")} ${words[`${stage} ${name}`] ?? printable(name)}`];
  });
}

/** How many records of a stage were refused: people have something to do. */
export function refusedIn(stage: StageName, { counts }: StageRecord): number {
  return sumOfCounts(counts, refusals[stage]);
}

/**
 * How many records of a run were refused by what it has done, and of what its intake has doubts about those that nobody has
 * judged yet. A dry run judges what is there, and not what its intake would write.
 */
export function refusedBy(record: RunRecord, stages: readonly StageName[] = stageNames): number {
  const each = stages.map((name) => {
    const stage = record[name];
    return stage === undefined ? 0 : refusedIn(name, stage);
  });
  const doubts =
    stages.includes("input") && record.input !== undefined ? doubtsIn(record.input) : 0;
  const middle = stages.includes("middle") ? record.middle : undefined;
  const isDryRun = record.id === 0;
  const judged =
    middle === undefined ? 0 : isDryRun ? Math.min(doubts, refusedIn("middle", middle)) : doubts;
  return each.reduce((sum, count) => sum + count, doubts - judged);
}

/** How many documents an input stage has made of which it knows that they will be refused as they are. */
export function doubtsIn({ counts }: StageRecord): number {
  return countOf(counts, "doubtful");
}

/** How many records a dry run says would be written somewhere. */
export function writtenBy(record: RunRecord): number {
  return (
    sumOfCounts(record.input?.counts ?? {}, ["created", "changed"]) +
    sumOfCounts(record.middle?.counts ?? {}, [
      "inserted",
      "updated",
      "adopted",
      "marked",
      "cleared",
    ]) +
    sumOfCounts(record.output?.counts ?? {}, ["written"])
  );
}

/** Whether somebody has to look after a run: it failed, or nobody works at it who should. What was refused may be mended by now. */
export function needsCare({ status, runners }: RunRecord): boolean {
  return status === "failed" || (status === "running" && runners.length === 0);
}

/** The sum of some counts; what is not there counts as 0. */
export function sumOfCounts(counts: StageRecord["counts"], names: readonly string[]): number {
  return names.reduce((sum, name) => sum + countOf(counts, name), 0);
}

function countOf(counts: StageRecord["counts"], name: string): number {
  return (Object.hasOwn(counts, name) ? counts[name] : undefined) ?? 0;
}
