import type { PruneDecision, PruneResult } from "@ctb-data/backup";
import { loadBackupKeys } from "../backup/backup-keys.ts";
import { backupSettings, openBackupStorage } from "../backup/open-backup-storage.ts";
import { pruneStorage } from "../backup/prune-storage.ts";
import type { CommandContext } from "../command-context.ts";
import { exitCode, type ExitCode } from "../exit-code.ts";
import { openWorkProgress } from "../progress/work-progress.ts";
import { bytesText } from "../terminal/bytes-text.ts";
import { countOf } from "../terminal/count-of.ts";
import { sayNext } from "../terminal/next-step.ts";
import { printJson } from "../terminal/print-json.ts";
import { printable } from "../terminal/printable.ts";
import { confirm } from "../terminal/prompt.ts";
import type { Channel } from "../terminal/terminal.ts";
import { wrapText } from "../terminal/wrap-text.ts";

interface PruneFlags {
  readonly dryRun?: true | undefined;
  readonly allowMany?: true | undefined;
  readonly yes?: true | undefined;
  readonly storage?: string | undefined;
}

/** `ctb-data backup prune` */
export async function backupPrune(context: CommandContext, flags: PruneFlags): Promise<ExitCode> {
  const { terminal } = context;
  const { settings } = await backupSettings(context, flags);
  const { trustedKeys } = await loadBackupKeys(context, settings);
  await using storage = await openBackupStorage(context, settings);
  const options = {
    settings,
    storage,
    trustedKeys,
    signal: context.signal,
    allowMany: flags.allowMany === true,
  };
  const plan = await pruneStorage({ ...options, dryRun: true });
  const doomed = plan.decisions.filter(({ action }) => action === "delete");
  const isDryRun = flags.dryRun === true;
  if (!terminal.json) {
    sayDecisions(terminal.out, plan.decisions);
  }
  if (isDryRun || doomed.length === 0) {
    sayNothingDone(context, plan, { doomed, isDryRun, storage: storage.description });
    return exitCode.done;
  }
  await confirm(terminal, {
    warning: `This deletes ${countOf(doomed.length, "backup")} of ${plan.decisions.length} in ${storage.description}.`,
    question: "Delete?",
    yes: flags.yes === true,
    signal: context.signal,
  });
  using progress = openWorkProgress(context);
  const result = await pruneStorage({ ...options, onProgress: progress.onProgress });
  progress[Symbol.dispose]();
  if (terminal.json) {
    printJson(terminal, { storage: storage.description, ...result });
  } else {
    terminal.out.line(
      `Deleted ${countOf(result.deleted.length, "backup")}, ${bytesText(result.freedBytes)}.`,
    );
  }
  for (const { id, why } of result.problems) {
    context.warn(`${id}: ${printable(why)}`);
  }
  return exitCode.done;
}

interface NothingDone {
  readonly doomed: readonly PruneDecision[];
  readonly isDryRun: boolean;
  readonly storage: string;
}

function sayNothingDone(
  context: CommandContext,
  plan: PruneResult,
  { doomed, isDryRun, storage }: NothingDone,
): void {
  const { terminal } = context;
  if (terminal.json) {
    printJson(terminal, { storage, ...plan, dryRun: isDryRun });
    return;
  }
  const { out } = terminal;
  if (doomed.length === 0) {
    out.line(`Nothing to delete: ${countOf(plan.decisions.length, "backup")} in ${storage}.`);
    return;
  }
  const bytes = doomed.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  out.line(
    `${countOf(doomed.length, "backup")} would be deleted, ${bytesText(bytes)}. This was a dry run: nothing was changed.`,
  );
  if (plan.refusal !== undefined) {
    context.warn(`${plan.refusal} It would be refused without --allow-many.`);
  }
  sayNext(out, `ctb-data backup prune${plan.refusal === undefined ? "" : " --allow-many"}`);
}

function sayDecisions(out: Channel, decisions: readonly PruneDecision[]): void {
  for (const { id, action, reasons } of decisions) {
    const mark = action === "keep" ? out.paint("green", "keep  ") : out.paint("red", "delete");
    // The library's reasons say it themselves, for logs; here the first column does.
    const why = reasons.map((reason) => reason.replace(/^(kept|deleted): /u, "")).join(", ");
    out.line(wrapText(`${mark} ${id} ${out.paint("dim", printable(why))}`, out.columns, "       "));
  }
}
