import type { CommitRecord, SignedRecord } from "@ctb-data/backup";
import { loadBackupKeys } from "../backup/backup-keys.ts";
import { skewText, sourceText, totalsText } from "../backup/backup-words.ts";
import { backupSettings, openBackupStorage } from "../backup/open-backup-storage.ts";
import { sayManifest } from "../backup/say-manifest.ts";
import { seriesFilter } from "../backup/series-of.ts";
import type { CommandContext } from "../command-context.ts";
import { exitCode, type ExitCode } from "../exit-code.ts";
import { countOf } from "../terminal/count-of.ts";
import { printJson } from "../terminal/print-json.ts";
import { printable } from "../terminal/printable.ts";
import type { Channel } from "../terminal/terminal.ts";
import { wrapText } from "../terminal/wrap-text.ts";

interface ShowFlags {
  readonly id: string;
  readonly identity?: readonly string[] | undefined;
  readonly storage?: string | undefined;
}

/** `ctb-data backup show` */
export async function backupShow(context: CommandContext, flags: ShowFlags): Promise<ExitCode> {
  const { terminal, signal } = context;
  const { settings } = await backupSettings(context, flags);
  const keys = await loadBackupKeys(context, settings, { ...flags, withIdentities: true });
  await using storage = await openBackupStorage(context, settings);
  const { openBackup, readSignedRecord, resolveBackupId } = await import("@ctb-data/backup");
  const options = { ...keys, signal };
  const id = await resolveBackupId(storage, flags.id, { ...options, ...seriesFilter(settings) });
  const signed = await readSignedRecord(storage, id, options);
  const { record, trusted } = signed;
  const canOpen = record.encryption.kind === "none" || keys.identities.length > 0;
  const manifest = canOpen ? (await openBackup(storage, id, options)).manifest : null;
  if (terminal.json) {
    printJson(terminal, { id, storage: storage.description, trusted, record, manifest });
    return exitCode.done;
  }
  sayRecord(terminal.out, signed);
  if (manifest === null) {
    terminal.out.line();
    terminal.out.line(
      "Tables and collections are encrypted: with --identity, or BACKUP_IDENTITY_PATH, they are shown too.",
    );
  } else {
    sayManifest(terminal.out, manifest);
  }
  return exitCode.done;
}

function sayRecord(out: Channel, { record, trusted }: SignedRecord): void {
  const facts: readonly (readonly [string, string])[] = [
    ["from", sourceText(record.source)],
    ["series", record.source.id],
    ["begun", `${record.startedAt}, done ${record.finishedAt}`],
    ["holds", totalsText(record)],
    ["parts", countOf(record.parts.length, "object")],
    ["opened by", openedBy(record)],
    ["signed by", `${record.signedBy}${trusted ? "" : " (not compared with a key of yours)"}`],
    ["before it", record.previous ?? "none"],
    ["made by", record.tool],
  ];
  out.line(out.paint("bold", record.id));
  for (const [name, value] of facts) {
    const text = `  ${out.paint("dim", name.padEnd(10))} ${printable(value)}`;
    out.line(wrapText(text, out.columns, " ".repeat(13)));
  }
  const skew = skewText(record);
  if (skew !== undefined) {
    out.line(skew);
  }
  for (const warning of record.warnings) {
    out.line(wrapText(`${out.paint("yellow", "!")} ${printable(warning)}`, out.columns, "  "));
  }
}

function openedBy({ encryption }: CommitRecord): string {
  return encryption.kind === "none"
    ? "anybody: it is not encrypted"
    : encryption.recipients.join(", ");
}
