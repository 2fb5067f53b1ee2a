import type { BackupStatus, BackupSummary } from "@ctb-data/backup";
import { loadBackupKeys } from "../backup/backup-keys.ts";
import { backupSettings, openBackupStorage } from "../backup/open-backup-storage.ts";
import type { CommandContext } from "../command-context.ts";
import { exitCode, type ExitCode } from "../exit-code.ts";
import { countOf } from "../terminal/count-of.ts";
import { sayNext } from "../terminal/next-step.ts";
import { printJson } from "../terminal/print-json.ts";
import { printable } from "../terminal/printable.ts";
import { shortTime } from "../terminal/short-time.ts";
import type { Channel } from "../terminal/terminal.ts";
import { wrapText } from "../terminal/wrap-text.ts";

interface StatusFlags {
  readonly maxAge: string;
  readonly maxVerifiedAge?: string | undefined;
  readonly maxDrillAge?: string | undefined;
  readonly source?: string | undefined;
  readonly storage?: string | undefined;
}

/** `ctb-data backup status` */
export async function backupStatusCommand(
  context: CommandContext,
  flags: StatusFlags,
): Promise<ExitCode> {
  const { terminal, signal } = context;
  const { backupStatus, listBackups, parseAge } = await import("@ctb-data/backup");
  const ages = {
    maxAgeMs: parseAge(flags.maxAge),
    ...(flags.maxVerifiedAge === undefined
      ? {}
      : { maxVerifiedAgeMs: parseAge(flags.maxVerifiedAge) }),
    ...(flags.maxDrillAge === undefined ? {} : { maxDrillAgeMs: parseAge(flags.maxDrillAge) }),
  };
  const { settings } = await backupSettings(context, flags);
  const { trustedKeys } = await loadBackupKeys(context, settings);
  await using storage = await openBackupStorage(context, settings);
  const backups = await listBackups(storage, { trustedKeys, signal });
  const status = backupStatus(backups, {
    ...ages,
    ...(flags.source === undefined ? {} : { sourceId: flags.source }),
    now: new Date(),
  });
  if (terminal.json) {
    const { newest, newestVerified, newestDrilled, ...rest } = status;
    printJson(terminal, {
      storage: storage.description,
      ...rest,
      newest: newest?.id ?? null,
      newestVerified: newestVerified?.id ?? null,
      newestDrilled: newestDrilled?.id ?? null,
    });
  } else {
    sayStatus(terminal.out, status, storage.description);
  }
  return status.ok ? exitCode.done : exitCode.different;
}

function sayStatus(out: Channel, status: BackupStatus<BackupSummary>, storage: string): void {
  const { counts, newest, newestVerified, newestDrilled, problems } = status;
  out.line(
    `${countOf(counts.total, "backup")} in ${storage}: ${counts.verified} verified, ${counts.drilled} restored in a drill.`,
  );
  const lines = [
    ["newest", newest, newest?.startedAt],
    ["newest verified", newestVerified, newestVerified?.startedAt],
    ["last drill", newestDrilled, newestDrilled?.drilledAt],
  ] as const;
  for (const [name, backup, moment] of lines) {
    const text =
      backup === null || moment === null || moment === undefined
        ? out.paint("yellow", "none")
        : `${shortTime(moment)} UTC  ${out.paint("dim", backup.id)}`;
    out.line(wrapText(`  ${name.padEnd(16)} ${text}`, out.columns, " ".repeat(19)));
  }
  for (const problem of problems) {
    out.line(wrapText(`${out.paint("red", "✗")} ${printable(problem)}`, out.columns, "  "));
  }
  if (status.ok) {
    const proof = counts.verified === 0 ? "verified" : counts.drilled === 0 ? "drilled" : undefined;
    const text =
      proof === undefined ? "All is as it should be." : `Fresh enough, but none is ${proof} yet.`;
    out.line(`${out.paint("green", "✓")} ${text}`);
    if (proof !== undefined) {
      sayNext(out, `ctb-data backup verify${proof === "drilled" ? " --drill" : ""}`);
    }
  } else {
    sayNext(out, nextCommand(status));
  }
}

function nextCommand({ counts, newest, problems }: BackupStatus<BackupSummary>): string {
  if (
    newest === null ||
    problems.some((problem) => /^The (?:newest backup|last verification)/u.test(problem))
  ) {
    return "ctb-data backup create --verify";
  }
  return counts.verified === 0 ? "ctb-data backup verify" : "ctb-data backup verify --drill";
}
