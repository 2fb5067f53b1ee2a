import type { RunRecord } from "@ctb-data/pipeline";
import { refusedIn } from "./run-counts.ts";

/** Which blueprint the next command is about. */
export interface NextFlags {
  readonly has: Directions;
  /** ` --vendor acme`, as the command of this run had it or would have needed it. */
  readonly flags: string;
}

/** Which ways a blueprint leads. */
interface Directions {
  readonly intake: boolean;
  readonly export: boolean;
}

/** The command that comes after a run, as far as it is known; without a blueprint what goes on with that very run. */
export function nextOfRun(record: RunRecord, known?: NextFlags): string | undefined {
  const { id, status, runners } = record;
  if (status === "failed" || status === "cancelled") return `ctb-data imo retry ${id}`;
  if (status === "running") {
    return runners.length === 0 ? `ctb-data imo retry ${id}` : `ctb-data imo status ${id}`;
  }
  if (known === undefined) {
    return status === "pending" ? `ctb-data imo run --blueprint ${record.blueprintId}` : undefined;
  }
  const step = nextStep(record, known.has);
  return step === undefined ? undefined : `ctb-data imo ${step}${known.flags}`;
}

function nextStep(
  { input, middle, output }: RunRecord,
  has: Directions,
): "validate" | "promote" | "export" | undefined {
  const isJudged = middle !== undefined && middle.state === "done";
  if (has.intake && (!isJudged || middle.step === "validate")) {
    if (isJudged) return refusedIn("middle", middle) > 0 ? "validate" : "promote";
    return input === undefined ? "promote" : "validate";
  }
  if (has.intake && isJudged && refusedIn("middle", middle) > 0) return "promote";
  return has.export && output?.state !== "done" ? "export" : undefined;
}
