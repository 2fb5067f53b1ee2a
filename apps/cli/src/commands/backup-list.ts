import type { BackupSummary } from "@ctb-data/backup";
import { loadBackupKeys } from "../backup/backup-keys.ts";
import { backupSettings, openBackupStorage } from "../backup/open-backup-storage.ts";
import type { CommandContext } from "../command-context.ts";
import { exitCode, type ExitCode } from "../exit-code.ts";
import { bytesText } from "../terminal/bytes-text.ts";
import { countOf } from "../terminal/count-of.ts";
import { sayNext } from "../terminal/next-step.ts";
import { printJson } from "../terminal/print-json.ts";
import { printable } from "../terminal/printable.ts";
import { shortTime } from "../terminal/short-time.ts";
import { renderTable, type TableCell } from "../terminal/table.ts";
import type { Channel } from "../terminal/terminal.ts";
import { wrapText } from "../terminal/wrap-text.ts";

interface ListFlags {
  readonly source?: string | undefined;
  readonly storage?: string | undefined;
}

/** `ctb-data backup list` */
export async function backupList(context: CommandContext, flags: ListFlags): Promise<ExitCode> {
  const { terminal, signal } = context;
  const { settings } = await backupSettings(context, flags);
  const { trustedKeys } = await loadBackupKeys(context, settings);
  await using storage = await openBackupStorage(context, settings);
  const { listBackups } = await import("@ctb-data/backup");
  const backups = await listBackups(storage, {
    trustedKeys,
    ...(flags.source === undefined ? {} : { source: flags.source }),
    signal,
  });
  if (terminal.json) {
    printJson(terminal, {
      storage: storage.description,
      backups: backups.map(({ record, ...summary }) => ({ ...summary, totals: record?.totals })),
    });
  } else {
    sayBackups(terminal.out, backups.toReversed(), { ...flags, storage: storage.description });
  }
  return exitCode.done;
}

/** The table of backups, in the order that they are given. */
function sayBackups(
  out: Channel,
  backups: readonly BackupSummary[],
  { source, storage }: { readonly source?: string | undefined; readonly storage: string },
): void {
  if (backups.length === 0) {
    out.line(`No backups${source === undefined ? "" : ` of ${printable(source)}`} in ${storage}.`);
    sayNext(out, source === undefined ? "ctb-data backup create" : "ctb-data backup list");
    return;
  }
  const isOneSeries = new Set(backups.map(({ sourceId }) => sourceId)).size === 1;
  out.line(
    renderTable(out, {
      columns: [
        { title: "backup" },
        { title: "size", align: "right" },
        { title: "rows", align: "right", dropOrder: 3 },
        { title: "documents", align: "right", dropOrder: 4 },
        { title: "verified (UTC)", dropOrder: 1 },
        { title: "drilled (UTC)", dropOrder: 2 },
        ...(isOneSeries ? [] : [{ title: "source", dropOrder: 5 }]),
      ],
      rows: backups.map((backup) => [
        backup.valid ? backup.id : { text: backup.id, style: "red" as const },
        backup.valid ? bytesText(backup.sizeBytes) : "",
        countCell(backup.record?.totals.rows),
        countCell(backup.record?.totals.documents),
        timeCell(backup.verifiedAt),
        timeCell(backup.drilledAt),
        ...(isOneSeries ? [] : [printable(backup.sourceId)]),
      ]),
    }),
  );
  for (const { id, problem } of backups) {
    if (problem !== undefined) {
      out.line(
        wrapText(`${out.paint("red", "✗")} ${id}: ${printable(problem)}`, out.columns, "  "),
      );
    }
  }
  const stored = backups.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  out.line();
  out.line(`${countOf(backups.length, "backup")} in ${storage}, ${bytesText(stored)}.`);
}

function countCell(count: number | undefined): string {
  return count === undefined ? "" : count.toLocaleString("en-US");
}

function timeCell(moment: Date | null): TableCell {
  return moment === null ? { text: "no", style: "yellow" } : shortTime(moment);
}
