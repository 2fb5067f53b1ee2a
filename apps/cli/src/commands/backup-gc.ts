import type { GarbageReport } from "@ctb-data/backup";
import { backupSettings, openBackupStorage } from "../backup/open-backup-storage.ts";
import { CliError } from "../cli-error.ts";
import type { CommandContext } from "../command-context.ts";
import { exitCode, type ExitCode } from "../exit-code.ts";
import { openWorkProgress } from "../progress/work-progress.ts";
import { bytesText } from "../terminal/bytes-text.ts";
import { countOf } from "../terminal/count-of.ts";
import { sayNext } from "../terminal/next-step.ts";
import { printJson } from "../terminal/print-json.ts";
import { printable } from "../terminal/printable.ts";
import type { Channel } from "../terminal/terminal.ts";
import { wrapText } from "../terminal/wrap-text.ts";

interface GcFlags {
  readonly olderThan: string;
  readonly dryRun?: true | undefined;
  readonly storage?: string | undefined;
}

/** `ctb-data backup gc` */
export async function backupGc(context: CommandContext, flags: GcFlags): Promise<ExitCode> {
  const { terminal, signal } = context;
  const { collectGarbage, parseAge } = await import("@ctb-data/backup");
  const olderThanHours = parseAge(flags.olderThan) / 3_600_000;
  if (olderThanHours < 1) {
    throw new CliError("USAGE", `--older-than ${flags.olderThan} is less than an hour.`, {
      hint: "Give 1h or more: what is younger may still be in use.",
    });
  }
  const { settings } = await backupSettings(context, flags);
  await using storage = await openBackupStorage(context, settings);
  using progress = openWorkProgress(context);
  const report = await collectGarbage({
    storage,
    signal,
    onProgress: progress.onProgress,
    olderThanHours,
    dryRun: flags.dryRun === true,
  });
  progress[Symbol.dispose]();
  if (terminal.json) {
    printJson(terminal, { storage: storage.description, ...report });
  } else {
    sayGarbage(terminal.out, report, storage.description);
  }
  return exitCode.done;
}

const words: Readonly<Record<GarbageReport["collected"][number]["kind"], string>> = {
  "never-committed": "a run that did not finish",
  pruned: "the rest of a deleted backup",
  evidence: "old evidence",
  tombstone: "an old tombstone",
  probe: "a probe",
  upload: "unfinished uploads",
};

function sayGarbage(out: Channel, report: GarbageReport, storage: string): void {
  const { collected, kept, dryRun, freedBytes, freedObjects } = report;
  for (const { kind, name, objects, sizeBytes } of collected) {
    const text = `${printable(name)}  ${out.paint("dim", `${words[kind]}: ${countOf(objects, "object")}, ${bytesText(sizeBytes)}`)}`;
    out.line(wrapText(text, out.columns, "  "));
  }
  for (const { name, why } of kept) {
    out.line(
      wrapText(
        `${out.paint("yellow", "left")} ${printable(name)}: ${printable(why)}`,
        out.columns,
        "  ",
      ),
    );
  }
  if (collected.length === 0) {
    out.line(`Nothing to remove in ${storage}.`);
    return;
  }
  const what = `${countOf(freedObjects, "object")}, ${bytesText(freedBytes)}`;
  if (dryRun) {
    out.line(`Would remove ${what}. This was a dry run: nothing was changed.`);
    sayNext(out, "ctb-data backup gc");
  } else {
    out.line(`Removed ${what}.`);
  }
}
