import type { BackupEncryption, CreatedBackup, Evidence, PruneResult } from "@ctb-data/backup";
import { checkEnabled, dueOf } from "../backup/backup-due.ts";
import { type BackupKeys, loadBackupKeys } from "../backup/backup-keys.ts";
import { openBackupProgress } from "../backup/backup-progress.ts";
import { skewText, totalsText } from "../backup/backup-words.ts";
import { firestoreFiles } from "../backup/firestore-files.ts";
import { backupSettings, openBackupStorage } from "../backup/open-backup-storage.ts";
import {
  openBackupStores,
  type OpenedStores,
  type StoreName,
  usedStores,
} from "../backup/open-backup-stores.ts";
import { pruneStorage } from "../backup/prune-storage.ts";
import { CliError } from "../cli-error.ts";
import type { CommandContext } from "../command-context.ts";
import type { Settings } from "../config/settings.ts";
import { exitCode, type ExitCode } from "../exit-code.ts";
import { bytesText } from "../terminal/bytes-text.ts";
import { countOf, durationText } from "../terminal/count-of.ts";
import { sayNext } from "../terminal/next-step.ts";
import { printJson } from "../terminal/print-json.ts";
import { wrapText } from "../terminal/wrap-text.ts";

/** What `backup create` takes. */
export interface CreateFlags {
  readonly only?: StoreName | undefined;
  readonly recipient?: readonly string[] | undefined;
  readonly encryption?: "age" | "none" | undefined;
  readonly signingKey?: string | undefined;
  readonly schema?: "auto" | "pg_dump" | "catalog" | undefined;
  readonly strict?: true | undefined;
  readonly jobs?: number | undefined;
  readonly verify?: true | undefined;
  readonly ifDue?: true | undefined;
  readonly storage?: string | undefined;
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
  const pruned = isByClock
    ? await pruneStorage({ settings, storage, trustedKeys, signal: context.signal })
    : undefined;
  sayMade(context, { ...made, ms, pruned, storage: storage.description });
  return made.evidence?.ok === false ? exitCode.different : exitCode.done;
}

/** Everything that making one backup takes. */
export interface BackupParts {
  readonly settings: Settings;
  readonly storage: Awaited<ReturnType<typeof openBackupStorage>>;
  readonly opened: OpenedStores;
  readonly keys: BackupKeys;
  readonly encryption: BackupEncryption;
  readonly flags: Pick<CreateFlags, "schema" | "strict" | "jobs"> & { readonly verify: boolean };
}

/** A backup that was made, and what its verification found. */
export interface MadeBackup {
  readonly created: CreatedBackup;
  readonly evidence: Evidence | undefined;
}

/** Makes a backup, and verifies it when that is asked for. Draws its progress. */
export async function makeBackup(context: CommandContext, parts: BackupParts): Promise<MadeBackup> {
  const { settings, storage, opened, keys, encryption, flags } = parts;
  const { createBackup, verifyBackup } = await import("@ctb-data/backup");
  const { postgres, firestore } = opened;
  const { signal } = context;
  using progress = openBackupProgress(context);
  const created = await createBackup({
    storage,
    encryption,
    firestore,
    signal,
    onProgress: progress.onProgress,
    signingKey: keys.signingKey,
    source: settings.BACKUP_SOURCE,
    postgres: postgres?.db,
    schema: {
      source: flags.schema ?? "auto",
      strict: flags.strict === true,
      ...(postgres === undefined ? {} : { url: postgres.url }),
    },
    firestoreFiles: firestore === undefined ? [] : await firestoreFiles(context, settings),
    ...(flags.jobs === undefined ? {} : { jobs: flags.jobs }),
  });
  progress[Symbol.dispose]();
  if (!flags.verify) {
    return { created, evidence: undefined };
  }
  const { signingKey, trustedKeys } = keys;
  using verifying = openBackupProgress(context);
  const evidence = await verifyBackup({
    storage,
    id: created.id,
    level: "hashes",
    signingKey,
    trustedKeys,
    signal,
    onProgress: verifying.onProgress,
  });
  return { created, evidence };
}

/**
 * How backups are encrypted, by flags and settings.
 *
 * @throws {CliError} USAGE or INVALID_CONFIG when recipients are named and nothing is to be encrypted.
 */
export function encryptionOf(settings: Settings, flags: CreateFlags = {}): BackupEncryption {
  const { BACKUP_ENCRYPTION: kind, BACKUP_RECIPIENTS: recipients = [] } = settings;
  if (kind === "age") {
    return { kind, recipients };
  }
  // A flag is meant for this run alone; in the settings the two contradict each other.
  if (recipients.length > 0 && (flags.encryption === undefined || flags.recipient !== undefined)) {
    throw new CliError(
      flags.recipient === undefined ? "INVALID_CONFIG" : "USAGE",
      "There are recipients to encrypt to, and encryption is none.",
      { hint: "Take away one of the two: BACKUP_RECIPIENTS or BACKUP_ENCRYPTION=none." },
    );
  }
  return { kind };
}

/**
 * The same as `createBackup` checks, before databases are opened for nothing.
 *
 * @throws {BackupError} NO_RECIPIENT, NO_SIGNING_KEY
 */
export async function checkKeys(encryption: BackupEncryption, keys: BackupKeys): Promise<void> {
  const { BackupError } = await import("@ctb-data/backup");
  if (encryption.kind === "age" && encryption.recipients.length === 0) {
    throw new BackupError(
      "NO_RECIPIENT",
      "There is nobody that the backup could be encrypted to.",
      {
        hint: "Make keys: ctb-data backup keys create, and set BACKUP_RECIPIENTS. Or say that the backup is to be in the clear: --encryption none",
      },
    );
  }
  if (keys.signingKey === undefined) {
    throw new BackupError("NO_SIGNING_KEY", "There is no key to sign the backup with.", {
      hint: "Make keys: ctb-data backup keys create, and set BACKUP_SIGNING_KEY_PATH.",
    });
  }
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
