import type { RetentionPolicy } from "@ctb-data/backup";
import type { Settings } from "../config/settings.ts";

/** What the settings say about which backups stay. */
export function retentionOf(settings: Settings): RetentionPolicy {
  return {
    retentionDays: settings.BACKUP_RETENTION_DAYS,
    minKeep: settings.BACKUP_MIN_KEEP,
    daily: settings.BACKUP_KEEP_DAILY,
    weekly: settings.BACKUP_KEEP_WEEKLY,
    monthly: settings.BACKUP_KEEP_MONTHLY,
    yearly: settings.BACKUP_KEEP_YEARLY,
    timeZone: settings.BACKUP_TIMEZONE,
  };
}
