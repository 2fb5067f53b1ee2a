import type { FixRun, IntegrityStores, UndoReport } from "@ctb-data/integrity";
import { CliError } from "../cli-error.ts";
import type { CommandContext } from "../command-context.ts";
import { exitCode, type ExitCode } from "../exit-code.ts";
import { confirmChange } from "../integrity/confirm-change.ts";
import {
  type OpenedIntegrityStores,
  openIntegrityStores,
  type StoreFlags,
} from "../integrity/open-integrity-stores.ts";
import { canBeUndone, sayFixRuns } from "../integrity/say-fix-runs.ts";
import { sayUndoReport } from "../integrity/say-undo-report.ts";
import { openWorkProgress } from "../progress/work-progress.ts";
import { countOf } from "../terminal/count-of.ts";
import { printJson } from "../terminal/print-json.ts";

interface IntegrityUndoFlags extends StoreFlags {
  readonly run?: string | undefined;
  readonly last?: true | undefined;
  readonly dryRun?: true | undefined;
  readonly yes?: true | undefined;
}

/** `ctb-data integrity undo` */
export async function integrityUndo(
  context: CommandContext,
  flags: IntegrityUndoFlags,
): Promise<ExitCode> {
  const { terminal } = context;
  if (flags.run !== undefined && flags.last === true) {
    throw new CliError("USAGE", `Both the run ${flags.run} and --last are given.`, {
      hint: "Take away one of the two.",
    });
  }
  await using opened = await openIntegrityStores(context, flags);
  const runs = await runsOf(opened);
  const id = flags.run ?? (flags.last === true ? lastOf(runs).id : undefined);
  if (id === undefined) {
    sayRuns(context, runs);
    return runs.some(canBeUndone) ? exitCode.different : exitCode.done;
  }
  if (flags.dryRun !== true) {
    await ask(context, opened, { id, runs, yes: flags.yes === true });
  }
  const report = await undo(context, opened.stores, { id, dryRun: flags.dryRun === true });
  if (terminal.json) {
    printJson(terminal, report);
  } else {
    sayUndoReport(terminal.out, report);
  }
  return report.conflicts.length > 0 ? exitCode.different : exitCode.done;
}

/** `ctb-data integrity runs` */
export async function integrityRuns(context: CommandContext, flags: StoreFlags): Promise<ExitCode> {
  await using opened = await openIntegrityStores(context, { ...flags, store: "postgres" });
  sayRuns(context, await runsOf(opened));
  return exitCode.done;
}

/** The newest first. */
async function runsOf({ stores: { postgres } }: OpenedIntegrityStores): Promise<readonly FixRun[]> {
  const { listFixRuns } = await import("@ctb-data/integrity");
  // Where nothing but documents is looked at, nothing was ever fixed: what a fix changes is kept in PostgreSQL.
  return postgres === undefined ? [] : await listFixRuns(postgres);
}

function sayRuns({ terminal }: CommandContext, runs: readonly FixRun[]): void {
  if (terminal.json) {
    printJson(terminal, { runs });
  } else {
    sayFixRuns(terminal.out, runs);
  }
}

/** @throws {CliError} NOT_FOUND */
function lastOf(runs: readonly FixRun[]): FixRun {
  const last = runs.find(canBeUndone);
  if (last === undefined) {
    throw new CliError("NOT_FOUND", "There is no run of a fix that could be undone.", {
      hint: "See which there were: ctb-data integrity runs",
    });
  }
  return last;
}

interface Asked {
  readonly id: string;
  readonly runs: readonly FixRun[];
  readonly yes: boolean;
}

async function ask(
  context: CommandContext,
  { targets }: OpenedIntegrityStores,
  { id, runs, yes }: Asked,
): Promise<void> {
  const run = runs.find((each) => each.id === id);
  if (run === undefined) {
    throw new CliError("NOT_FOUND", `There is no run ${id}.`, {
      hint: "See which there are: ctb-data integrity runs",
    });
  }
  const what = `${countOf(run.rows, "row")} and ${countOf(run.documents, "document")}`;
  await confirmChange(context, {
    targets: targets.filter(({ store }) => store === "postgres" || run.documents !== 0),
    warning: `This puts back what the run ${id} has changed: ${what}.`,
    yes,
  });
}

async function undo(
  context: CommandContext,
  stores: IntegrityStores,
  { id, dryRun }: { readonly id: string; readonly dryRun: boolean },
): Promise<UndoReport> {
  const { undoFix } = await import("@ctb-data/integrity");
  using progress = openWorkProgress(context);
  return await undoFix(stores, {
    run: id,
    dryRun,
    onProgress: progress.onProgress,
    signal: context.signal,
  });
}
