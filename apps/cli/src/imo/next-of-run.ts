import type { RunRecord } from "@ctb-data/pipeline";
import type { VendorBlueprint } from "@ctb-data/registry";
import { refusedIn } from "./run-counts.ts";

/** Which blueprint the next command is about. */
export interface NextFlags {
  readonly blueprint: VendorBlueprint;
  /** ` --vendor acme`, as the command of this run had it or would have needed it. */
  readonly flags: string;
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
  const step = nextStep(record, known.blueprint);
  return step === undefined ? undefined : `ctb-data imo ${step}${known.flags}`;
}

function nextStep(
  { input, middle, output }: RunRecord,
  { intake, export: exported }: VendorBlueprint,
): "validate" | "promote" | "export" | undefined {
  const isJudged = middle !== undefined && middle.state === "done";
  if (intake !== undefined && (!isJudged || middle.step === "validate")) {
    if (isJudged) return refusedIn("middle", middle) > 0 ? "validate" : "promote";
    return input === undefined ? "promote" : "validate";
  }
  if (intake !== undefined && isJudged && refusedIn("middle", middle) > 0) return "promote";
  return exported !== undefined && output?.state !== "done" ? "export" : undefined;
}
