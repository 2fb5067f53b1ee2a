import { BackupError } from "../backup-error.ts";

const unitMs = new Map([
  ["m", 60_000],
  ["h", 3_600_000],
  ["d", 86_400_000],
  ["w", 604_800_000],
]);
const mostMs = 36_500 * 86_400_000;

/**
 * The milliseconds of an age as people write it: `90m`, `26h`, `8d`, `2w`. A day has 24 hours. At most 100 years.
 *
 * @throws {BackupError} INVALID_OPTIONS
 */
export function parseAge(text: string): number {
  const [, digits, unit = ""] = /^(\d{1,9})([mhdw])$/u.exec(text.trim()) ?? [];
  const ms = Number(digits) * (unitMs.get(unit) ?? Number.NaN);
  if (ms > 0 && ms <= mostMs) return ms;
  throw new BackupError("INVALID_OPTIONS", `${JSON.stringify(text)} is not an age.`, {
    hint: "Give a whole number above 0 and a unit, as in 90m, 26h, 8d or 2w; at most 100 years.",
  });
}

/** An age as people read it, rounded down: `5 minutes`, `26 hours`, `3 days`. */
export function formatAge(ms: number): string {
  const minutes = Math.max(0, Math.floor(ms / 60_000));
  if (minutes < 120) return counted(minutes, "minute");
  if (minutes < 48 * 60) return counted(Math.floor(minutes / 60), "hour");
  return counted(Math.floor(minutes / (24 * 60)), "day");
}

function counted(count: number, unit: string): string {
  return `${count} ${unit}${count === 1 ? "" : "s"}`;
}
