import { BackupError } from "../backup-error.ts";
import type { Schedule } from "./parse-schedule.ts";

/** What else can wake the program up, where no daemon is wanted. */
export const scheduleTargets = ["systemd", "crontab", "k8s", "github-actions"] as const;
export type ScheduleTarget = (typeof scheduleTargets)[number];

export interface EmitScheduleOptions {
  readonly target: ScheduleTarget;
  readonly schedule: Schedule;
  /** The program and what comes before `backup create --if-due`. Default `ctb-data`. */
  readonly command?: readonly string[] | undefined;
  /** Where `global-config.yaml` and `.env` are. Absolute, but for GitHub Actions, where it is one of the repository; there and in Kubernetes it may be missing. */
  readonly directory?: string | undefined;
  /** The name of the unit, job or workflow: lower case, digits and `-`. Default `ctb-data-backup`. */
  readonly name?: string | undefined;
  /** systemd: who runs it. Default: root. */
  readonly user?: string | undefined;
  /** systemd: spreads runs over so long a time. Leave the jitter of `--if-due` at 0 then. */
  readonly jitterMs?: number | undefined;
  /** Kubernetes: the image, which must have the program. */
  readonly image?: string | undefined;
  /** Kubernetes: the secret whose entries are the environment. Default: `name`. */
  readonly secret?: string | undefined;
  /** crontab: the time zone of the machine, whose cron knows no other. Without it the line asks every hour. */
  readonly machineTimeZone?: string | undefined;
  /** For the days on which clocks change. Default: now. */
  readonly now?: Date | undefined;
}

/** Options with defaults, checked. */
export interface EmitJob extends EmitScheduleOptions {
  /** Program and parameters, all of them. */
  readonly args: readonly string[];
  readonly name: string;
  readonly now: Date;
}

/** A text to be put somewhere. */
export interface EmittedFile {
  /** Where it is usually put, or a name for it. */
  readonly name: string;
  readonly text: string;
}

/** The directory of a job that must have one. @throws {BackupError} INVALID_OPTIONS */
export function absoluteDirectory({ directory, target }: EmitJob): string {
  if (directory?.startsWith("/")) return directory;
  throw new BackupError(
    "INVALID_OPTIONS",
    `${target} needs the whole path of the directory, not ${JSON.stringify(directory ?? "")}.`,
    {
      hint: "Give the directory of global-config.yaml, from the root on.",
    },
  );
}
