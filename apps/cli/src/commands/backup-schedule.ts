import type { ScheduleEvent, ScheduleTarget } from "@ctb-data/backup";
import { checkEnabled, scheduleOf, startsOf } from "../backup/backup-due.ts";
import { checkKeys, encryptionOf } from "../backup/backup-encryption.ts";
import { loadBackupKeys } from "../backup/backup-keys.ts";
import { makeBackup } from "../backup/make-backup.ts";
import { backupSettings, openBackupStorage } from "../backup/open-backup-storage.ts";
import { openBackupStores, usedStores } from "../backup/open-backup-stores.ts";
import { pruneStorage } from "../backup/prune-storage.ts";
import { type ScheduleLog, scheduleLog } from "../backup/schedule-log.ts";
import { seriesOf } from "../backup/series-of.ts";
import type { CommandContext } from "../command-context.ts";
import { exitCode, type ExitCode } from "../exit-code.ts";
import { backupEmit } from "./backup-emit.ts";

/** What `backup schedule` takes. */
export interface ScheduleFlags {
  readonly emit?: ScheduleTarget | undefined;
  readonly user?: string | undefined;
  readonly image?: string | undefined;
  readonly signingKey?: string | undefined;
  readonly storage?: string | undefined;
}

/** `ctb-data backup schedule`: ends only when it is interrupted. */
export async function backupSchedule(
  context: CommandContext,
  flags: ScheduleFlags,
): Promise<ExitCode> {
  const loaded = await backupSettings(context, flags);
  if (flags.emit !== undefined) {
    return await backupEmit(context, loaded.settings, { ...flags, emit: flags.emit });
  }
  checkEnabled(loaded);
  const { settings } = loaded;
  const schedule = await scheduleOf(context, settings);
  const encryption = encryptionOf(settings);
  const keys = await loadBackupKeys(context, settings, flags);
  await checkKeys(encryption, keys);
  const { runSchedule } = await import("@ctb-data/backup");
  await using storage = await openBackupStorage(context, settings);
  const stores = await usedStores(context, settings);
  const log = scheduleLog(context, { settings, storage: storage.description, encryption, stores });
  const open = async (): ReturnType<typeof openBackupStores> =>
    await openBackupStores(context, settings, { stores });
  let source: string | undefined;
  await runSchedule({
    schedule,
    signal: context.signal,
    onEvent: (event: ScheduleEvent) => {
      log.event(event);
    },
    startedAts: async (signal) => {
      if (source === undefined) {
        await using opened = await open();
        source = await seriesOf(settings, opened);
      }
      return await startsOf({ storage, keys, source, signal });
    },
    run: async () => {
      await using opened = await open();
      const made = await makeBackup(context, {
        settings,
        storage,
        opened,
        keys,
        encryption,
        flags: { verify: true },
      });
      log.made(made);
      await prune(
        { settings, storage, trustedKeys: keys.trustedKeys, signal: context.signal },
        log,
      );
    },
  });
  return exitCode.interrupted;
}

/** A backup that was made is no failure when old ones cannot be deleted: the next run tries again. */
async function prune(options: Parameters<typeof pruneStorage>[0], log: ScheduleLog): Promise<void> {
  try {
    log.pruned(await pruneStorage(options));
  } catch (error) {
    options.signal.throwIfAborted();
    log.notPruned(error);
  }
}
