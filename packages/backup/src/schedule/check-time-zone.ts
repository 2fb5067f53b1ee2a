import { BackupError } from "../backup-error.ts";

/**
 * Checks that a text is the IANA name of a time zone, as `Europe/Berlin` or `UTC`. Offsets (`+02:00`) are not names: they know no
 * summer time, and neither systemd nor Kubernetes takes them.
 *
 * @throws {BackupError} INVALID_OPTIONS
 */
export function checkTimeZone(timeZone: string): void {
  if (/^[A-Za-z][\w+/-]*$/u.test(timeZone) && isKnown(timeZone)) return;
  throw new BackupError(
    "INVALID_OPTIONS",
    `${JSON.stringify(timeZone)} is not the name of a time zone.`,
    {
      hint: "Give a name of the IANA list, as UTC, Europe/Berlin or America/New_York.",
    },
  );
}

function isKnown(timeZone: string): boolean {
  try {
    return new Intl.DateTimeFormat("en-US", { timeZone }).resolvedOptions().timeZone !== "";
  } catch {
    return false;
  }
}
