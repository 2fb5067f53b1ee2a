import type { Evidence, VerifyLevel } from "@ctb-data/backup";
import { loadBackupKeys } from "../backup/backup-keys.ts";
import { backupSettings, openBackupStorage } from "../backup/open-backup-storage.ts";
import { openScratchStores } from "../backup/scratch-stores.ts";
import { seriesFilter } from "../backup/series-of.ts";
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

interface VerifyFlags {
  readonly id: string;
  readonly all?: true | undefined;
  readonly level?: VerifyLevel | undefined;
  readonly drill?: true | undefined;
  readonly searchPath?: string | undefined;
  readonly identity?: readonly string[] | undefined;
  readonly signingKey?: string | undefined;
  readonly storage?: string | undefined;
}

/** `ctb-data backup verify` */
export async function backupVerify(context: CommandContext, flags: VerifyFlags): Promise<ExitCode> {
  const { terminal, signal } = context;
  const level = flags.drill === true ? "drill" : (flags.level ?? "hashes");
  const { settings } = await backupSettings(context, flags);
  const keys = await loadBackupKeys(context, settings, {
    ...flags,
    withIdentities: level === "contents" || level === "drill",
  });
  await using storage = await openBackupStorage(context, settings);
  const { listBackups, resolveBackupId, verifyBackup } = await import("@ctb-data/backup");
  const options = { ...keys, signal };
  const ids =
    flags.all === true
      ? (await listBackups(storage, options)).map(({ id }) => id).toReversed()
      : [await resolveBackupId(storage, flags.id, { ...options, ...seriesFilter(settings) })];
  if (keys.signingKey === undefined) {
    context.warn(
      "Without BACKUP_SIGNING_KEY_PATH no evidence is kept: list, prune and status will not know of it.",
    );
  }
  const verified: Evidence[] = [];
  for (const id of ids) {
    using progress = openWorkProgress(context);
    const evidence = await verifyBackup({
      ...options,
      storage,
      id,
      level,
      searchPath: flags.searchPath,
      onProgress: progress.onProgress,
      openScratch: async (backup) => {
        progress.onProgress({ kind: "step", step: "starting databases" });
        return await openScratchStores(context, settings, backup);
      },
    });
    progress[Symbol.dispose]();
    verified.push(evidence);
    if (!terminal.json) {
      sayEvidence(terminal.out, evidence);
    }
  }
  const ok = verified.every((evidence) => evidence.ok);
  if (terminal.json) {
    printJson(terminal, { ok, storage: storage.description, backups: verified });
  } else {
    sayEnd(terminal.out, verified, { level, storage: storage.description });
  }
  return ok ? exitCode.done : exitCode.different;
}

function sayEvidence(
  out: Channel,
  { backup, ok, level, checked, findings, notes, target }: Evidence,
): void {
  const mark = ok ? out.paint("green", "✓") : out.paint("red", "✗");
  const counts = [
    `${countOf(checked.parts, "object")}, ${bytesText(checked.storedBytes)}`,
    ...(checked.plainBytes === 0
      ? []
      : [`${countOf(checked.rows, "row")}, ${countOf(checked.documents, "document")}`]),
    ...(target === null ? [] : [`restored into ${target}`]),
  ];
  out.line(wrapText(`${mark} ${backup} ${level}: ${counts.join("; ")}`, out.columns, "  "));
  for (const finding of findings) {
    out.line(wrapText(`  ${out.paint("red", printable(finding))}`, out.columns, "  "));
  }
  for (const note of notes) {
    out.line(wrapText(`  ${out.paint("dim", printable(note))}`, out.columns, "  "));
  }
}

interface EndOptions {
  readonly level: VerifyLevel;
  readonly storage: string;
}

function sayEnd(out: Channel, verified: readonly Evidence[], { level, storage }: EndOptions): void {
  const bad = verified.filter(({ ok }) => !ok).length;
  if (verified.length === 0) {
    out.line(`No backups in ${storage}.`);
    sayNext(out, "ctb-data backup create");
  } else if (bad > 0) {
    out.line(`${bad} of ${countOf(verified.length, "backup")} not right.`);
    sayNext(out, "ctb-data backup create --verify");
  } else if (level !== "drill") {
    sayNext(out, "ctb-data backup verify latest --drill");
  }
}
