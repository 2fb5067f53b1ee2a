import type { RunRecord, RunStatus, StageName } from "@ctb-data/pipeline";
import { countOf } from "../terminal/count-of.ts";
import { sayNext } from "../terminal/next-step.ts";
import { printable } from "../terminal/printable.ts";
import { sayItem } from "../terminal/say-item.ts";
import type { Channel, Style } from "../terminal/terminal.ts";
import { refusedBy } from "./run-counts.ts";

interface OutcomeDetail {
  /** Of which refused records are counted. All unless said. */
  readonly stages?: readonly StageName[] | undefined;
  readonly next: string | undefined;
}

/** Says how it stands with a run, loudly where records were refused, and which command comes next. */
export function sayOutcome(out: Channel, record: RunRecord, { stages, next }: OutcomeDetail): void {
  const refused = refusedBy(record, stages);
  const { mark, style, text } = outcomeOf(record);
  const be = record.id === 0 ? "would be" : refused === 1 ? "was" : "were";
  const but = refused === 0 ? "" : `, but ${countOf(refused, "record")} ${be} refused`;
  const isLoud = refused > 0 && style === "green";
  sayItem(out, {
    mark: isLoud ? { text: "!", style: "yellow" } : { text: mark, style },
    text: `${text}${style === "green" ? but : ""}.`,
    indent: 0,
  });
  if (next !== undefined) sayNext(out, next);
}

interface Outcome {
  readonly mark: string;
  readonly style: Style;
  /** Without its full stop. */
  readonly text: string;
}

const outcomes: Readonly<Record<RunStatus, (run: RunRecord) => Outcome>> = {
  complete: ({ id }) => ({ mark: "✓", style: "green", text: `Run ${id} is complete` }),
  pending: ({ id }) => ({
    mark: "✓",
    style: "green",
    text: `That is done; run ${id} stays open for the rest`,
  }),
  running: ({ id, runners }) =>
    runners.length === 0
      ? { mark: "!", style: "yellow", text: `Nobody works at run ${id}, which is not done` }
      : {
          mark: "…",
          style: "cyan",
          text: `Run ${id} is worked at by ${runners.map(printable).join(", ")}`,
        },
  failed: ({ id }) => ({ mark: "✗", style: "red", text: `Run ${id} has failed` }),
  cancelled: ({ id }) => ({ mark: "!", style: "yellow", text: `Run ${id} was cancelled` }),
};

function outcomeOf(record: RunRecord): Outcome {
  return record.id === 0
    ? { mark: "✓", style: "green", text: "This was a dry run: nothing was changed" }
    : outcomes[record.status](record);
}
