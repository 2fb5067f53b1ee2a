import type { CommandContext } from "../command-context.ts";
import { exitCode, type ExitCode } from "../exit-code.ts";
import { nextOfRun } from "../imo/next-of-run.ts";
import { loadImoProject, openImoStores } from "../imo/open-imo-stores.ts";
import { needsCare, refusedBy } from "../imo/run-counts.ts";
import { sayOutcome } from "../imo/say-outcome.ts";
import { sayRun } from "../imo/say-run.ts";
import { sayRuns } from "../imo/say-runs.ts";
import { printJson } from "../terminal/print-json.ts";

interface ImoStatusFlags {
  readonly run: number | undefined;
  readonly limit: number;
  readonly registry?: string | undefined;
}

/** `ctb-data imo status` */
export async function imoStatus(
  context: CommandContext,
  { run, limit, registry }: ImoStatusFlags,
): Promise<ExitCode> {
  const { terminal, signal } = context;
  await using opened = await openImoStores(context, await loadImoProject(context, { registry }));
  const { listRuns, readRun } = await import("@ctb-data/pipeline");
  if (run === undefined) {
    const runs = await listRuns(opened.stores, { limit, signal });
    if (terminal.json) printJson(terminal, { runs });
    else sayRuns(terminal.out, runs, limit);
    return exitCode.done;
  }
  const record = await readRun(opened.stores, run);
  const next = nextOfRun(record);
  if (terminal.json) {
    printJson(terminal, { ...record, refused: refusedBy(record), next: next ?? null });
  } else {
    sayRun(terminal.out, record, { isFull: true });
    sayOutcome(terminal.out, record, { next });
  }
  return needsCare(record) ? exitCode.different : exitCode.done;
}
