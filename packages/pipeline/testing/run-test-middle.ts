import { parseBlueprint } from "@ctb-data/registry";
import type { MiddleOptions, MiddleReport } from "../src/middle/middle-options.ts";
import { runMiddle } from "../src/middle/run-middle.ts";
import { openRun } from "../src/runs/open-run.ts";
import { storeBlueprint } from "../src/runs/store-blueprint.ts";
import type { BothStores } from "../src/work-options.ts";
import { middleBlueprintText, type MiddleKind } from "./middle-registry.ts";

export type TestMiddleOptions = Partial<
  Pick<MiddleOptions, "promote" | "batch" | "parts" | "patienceMs" | "onProgress" | "signal">
> & { readonly kind?: MiddleKind; readonly leaseMs?: number };

/** One runner's whole middle stage, in the open run of the blueprint or a new one. */
export async function runTestMiddle(
  stores: BothStores,
  options: TestMiddleOptions = {},
): Promise<MiddleReport> {
  const { kind = "members", promote = true, leaseMs = 30_000, ...rest } = options;
  const file = { text: middleBlueprintText(kind), file: `${kind}.yml` };
  const stored = await storeBlueprint(stores, file);
  const { vendor, version, intake } = stored.blueprint;
  if (intake === undefined) throw new Error("It takes nothing in.");
  await using run = await openRun(stores, {
    blueprint: stored,
    steps: [promote ? "promote" : "validate"],
    leaseMs,
    signal: options.signal,
  });
  await run.begin("middle");
  const report = await runMiddle(stores, {
    ...rest,
    blueprint: { vendor, version, intake },
    promote,
    work: (step) => run.work("middle", step),
    signal: run.signal,
  });
  await run.end("middle");
  await run.endRun();
  return report;
}

/** A dry run of the stage: it is in no run. */
export async function rehearseTestMiddle(
  stores: BothStores,
  { kind = "members", promote }: { readonly kind?: MiddleKind; readonly promote: boolean },
): Promise<MiddleReport> {
  const blueprint = parseBlueprint(middleBlueprintText(kind), stores.registry);
  const { vendor, version, intake } = blueprint;
  if (intake === undefined) throw new Error("It takes nothing in.");
  return await runMiddle(stores, {
    blueprint: { vendor, version, intake },
    promote,
    dryRun: true,
    work: () => {
      throw new Error("A dry run shares no work.");
    },
  });
}
