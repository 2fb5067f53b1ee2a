import type { CreatedBackup, Evidence, PruneResult } from "@ctb-data/backup";
import { checkEnabled, dueOf } from "../backup/backup-due.ts";
import { checkKeys, encryptionOf } from "../backup/backup-encryption.ts";
import { loadBackupKeys } from "../backup/backup-keys.ts";
import { skewText, totalsText } from "../backup/backup-words.ts";
import { type MadeBackup, makeBackup, type MakeFlags } from "../backup/make-backup.ts";
import {
  type BackupSettingFlags,
  backupSettings,
  openBackupStorage,
} from "../backup/open-backup-storage.ts";
import { openBackupStores, type StoreName, usedStores } from "../backup/open-backup-stores.ts";
import { pruneStorage } from "../backup/prune-storage.ts";
import type { CommandContext } from "../command-context.ts";
import { exitCode, type ExitCode } from "../exit-code.ts";
import { bytesText } from "../terminal/bytes-text.ts";
import { countOf, durationText } from "../terminal/count-of.ts";
import { sayNext } from "../terminal/next-step.ts";
import { printJson } from "../terminal/print-json.ts";
import { wrapText } from "../terminal/wrap-text.ts";

interface CreateFlags extends BackupSettingFlags, Omit<MakeFlags, "verify"> {
  readonly only?: StoreName | undefined;
  readonly signingKey?: string | undefined;
  readonly verify?: true | undefined;
  readonly ifDue?: true | undefined;
}

/** `ctb-data backup create` */
export async function backupCreate(context: CommandContext, flags: CreateFlags): Promise<ExitCode> {
  const loaded = await backupSettings(context, flags);
  const { settings } = loaded;
  const isByClock = flags.ifDue === true;
  if (isByClock) {
    checkEnabled(loaded);
  }
  const encryption = encryptionOf(settings, flags);
  const keys = await loadBackupKeys(context, settings, { signingKey: flags.signingKey });
  await checkKeys(encryption, keys);
  const stores = flags.only === undefined ? await usedStores(context, settings) : [flags.only];
  await using storage = await openBackupStorage(context, settings);
  await using opened = await openBackupStores(context, settings, {
    stores,
    connections: (flags.jobs ?? 2) + 3,
  });
  if (isByClock) {
    const { due, nextAt } = await dueOf(context, { settings, storage, opened, keys });
    if (!due) {
      sayNotDue(context, nextAt);
      return exitCode.done;
    }
  }
  const startedAt = performance.now();
  const made = await makeBackup(context, {
    settings,
    storage,
    opened,
    keys,
    encryption,
    flags: { ...flags, verify: flags.verify === true || isByClock },
  });
  const ms = performance.now() - startedAt;
  const { trustedKeys } = keys;
  const { signal } = context;
  // The backup is there, whatever becomes of the others.
  const [pruned] = await Promise.allSettled(
    isByClock ? [pruneStorage({ settings, storage, trustedKeys, signal })] : [],
  );
  const result = pruned?.status === "fulfilled" ? pruned.value : undefined;
  sayMade(context, { ...made, ms, pruned: result, storage: storage.description });
  if (pruned?.status === "rejected") {
    throw pruned.reason;
  }
  return made.evidence?.ok === false ? exitCode.different : exitCode.done;
}

function sayNotDue({ terminal }: CommandContext, nextAt: Date | null): void {
  if (terminal.json) {
    printJson(terminal, { due: false, nextAt });
    return;
  }
  const next = nextAt === null ? "" : ` The next one is due ${nextAt.toISOString()}.`;
  terminal.out.line(`Nothing to do: no backup is due.${next}`);
}

interface MadeOptions extends MadeBackup {
  readonly ms: number;
  readonly storage: string;
  readonly pruned: PruneResult | undefined;
}

function sayMade(context: CommandContext, made: MadeOptions): void {
  const { terminal } = context;
  const { created, evidence, pruned, storage } = made;
  if (terminal.json) {
    printJson(terminal, {
      id: created.id,
      storage,
      record: created.record,
      evidence,
      ...(pruned && { pruned: pruned.deleted }),
    });
    return;
  }
  sayCreated(context, created, made);
  sayVerified(context, created, evidence);
  if (pruned !== undefined && pruned.deleted.length > 0) {
    terminal.out.line(
      `Pruned ${countOf(pruned.deleted.length, "backup")}, ${bytesText(pruned.freedBytes)}.`,
    );
  }
}

function sayCreated(
  context: CommandContext,
  { id, record }: CreatedBackup,
  { ms, storage }: MadeOptions,
): void {
  const { out } = context.terminal;
  out.line(`Backup ${out.paint("bold", id)} is in ${storage}, after ${durationText(ms)}.`);
  out.line(`It holds ${totalsText(record)}.`);
  const skew = skewText(record);
  if (skew !== undefined) {
    out.line(skew);
  }
  if (record.encryption.kind === "none") {
    context.warn("It is not encrypted: whoever can read the storage can read the data.");
  }
  for (const warning of record.warnings) {
    context.warn(warning);
  }
}

function sayVerified(
  { terminal: { out } }: CommandContext,
  { id }: CreatedBackup,
  evidence: Evidence | undefined,
): void {
  if (evidence === undefined) {
    sayNext(out, `ctb-data backup verify ${id}`);
    return;
  }
  if (evidence.ok) {
    out.line(`${out.paint("green", "✓")} Every stored byte was read back and is right.`);
    sayNext(out, "ctb-data backup verify latest --drill");
  }
  for (const finding of evidence.findings) {
    out.line(wrapText(`${out.paint("red", "✗")} ${finding}`, out.columns, "  "));
  }
}
