import type { DueRun, Schedule, Storage } from "@ctb-data/backup";
import { CliError } from "../cli-error.ts";
import type { CommandContext } from "../command-context.ts";
import type { LoadedSettings } from "../config/load-settings.ts";
import type { Settings } from "../config/settings.ts";
import type { BackupKeys } from "./backup-keys.ts";
import type { OpenedStores } from "./open-backup-stores.ts";
import { seriesOf } from "./series-of.ts";

/** What decides whether a backup is due. */
export interface DueParts {
  readonly settings: Settings;
  readonly storage: Storage;
  readonly opened: OpenedStores;
  readonly keys: BackupKeys;
}

/** Whether the schedule of the settings asks for a backup now. */
export async function dueOf(context: CommandContext, parts: DueParts): Promise<DueRun> {
  const { dueRun } = await import("@ctb-data/backup");
  const schedule = await scheduleOf(context, parts.settings);
  const startedAts = await startsOf({
    ...parts,
    source: await seriesOf(parts.settings, parts.opened),
    signal: context.signal,
  });
  return dueRun({ schedule, startedAts, now: new Date() });
}

/**
 * The schedule of the settings. What may surprise about it is said on stderr.
 *
 * @throws {BackupError} INVALID_OPTIONS
 */
export async function scheduleOf(context: CommandContext, settings: Settings): Promise<Schedule> {
  const { parseSchedule } = await import("@ctb-data/backup");
  const { BACKUP_SCHEDULE: pattern, BACKUP_TIMEZONE: timeZone } = settings;
  const schedule = parseSchedule({ pattern, timeZone });
  for (const warning of schedule.warnings) {
    context.warn(warning);
  }
  return schedule;
}

/**
 * Refuses to do by the clock what is switched off.
 *
 * @throws {CliError} BACKUP_DISABLED
 */
export function checkEnabled({ settings, given }: LoadedSettings): void {
  if (settings.BACKUP_ENABLED) {
    return;
  }
  const origin = given.get("BACKUP_ENABLED")?.origin ?? "the default";
  throw new CliError(
    "BACKUP_DISABLED",
    `Backups are switched off: BACKUP_ENABLED is false (from ${origin}).`,
    { hint: "Set backup.enabled: true in global-config.yaml, or BACKUP_ENABLED=true." },
  );
}

/** Where to look for the backups of a series. */
export interface SeriesParts {
  readonly storage: Storage;
  readonly keys: BackupKeys;
  readonly source: string;
  readonly signal: AbortSignal;
}

/** When the backups of a series began. */
export async function startsOf({
  storage,
  keys,
  source,
  signal,
}: SeriesParts): Promise<readonly Date[]> {
  const { listBackups } = await import("@ctb-data/backup");
  const backups = await listBackups(storage, { source, trustedKeys: keys.trustedKeys, signal });
  return backups.filter(({ valid }) => valid).map(({ startedAt }) => startedAt);
}
