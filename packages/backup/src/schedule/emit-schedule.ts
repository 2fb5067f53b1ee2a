import { BackupError } from "../backup-error.ts";
import { emitCrontab } from "./emit-crontab.ts";
import { emitGithubActions } from "./emit-github-actions.ts";
import type { EmitJob, EmitScheduleOptions, EmittedFile, ScheduleTarget } from "./emit-job.ts";
import { emitKubernetes } from "./emit-kubernetes.ts";
import { emitSystemd } from "./emit-systemd.ts";

const emitters: Readonly<Record<ScheduleTarget, (job: EmitJob) => readonly EmittedFile[]>> = {
  systemd: emitSystemd,
  crontab: emitCrontab,
  k8s: emitKubernetes,
  "github-actions": emitGithubActions,
};

/**
 * Texts for systemd, cron, Kubernetes or GitHub Actions that run `backup create --if-due` at the times of a schedule. Whether a backup is due is decided by that
 * command, out of the storage: being woken twice, late, or after clocks changed does no harm.
 *
 * @throws {BackupError} INVALID_OPTIONS for a text that the target cannot hold, or an option that it needs and that is missing.
 */
export function emitSchedule(options: EmitScheduleOptions): readonly EmittedFile[] {
  const { command = ["ctb-data"], name = "ctb-data-backup", now = new Date() } = options;
  if (!/^[a-z](?:[a-z\d-]{0,50}[a-z\d])?$/u.test(name)) {
    throw new BackupError(
      "INVALID_OPTIONS",
      `${JSON.stringify(name)} cannot be the name of a job.`,
      {
        hint: "Give up to 52 lower-case letters, digits and hyphens, with a letter in front.",
      },
    );
  }
  if (command.length === 0) throw new BackupError("INVALID_OPTIONS", "There is no command to run.");
  for (const text of [...command, options.directory, options.user, options.image, options.secret])
    checkText(text);
  const job: EmitJob = {
    ...options,
    name,
    now,
    args: [...command, "backup", "create", "--if-due"],
  };
  return emitters[options.target](job);
}

function checkText(text: string | undefined): void {
  if (text === undefined || (text !== "" && !/\p{Cc}|\p{Cs}/u.test(text))) return;
  throw new BackupError(
    "INVALID_OPTIONS",
    `${JSON.stringify(text)} cannot be written into the file of a schedule.`,
    {
      hint: "Leave out line breaks and other control characters, and nothing empty.",
    },
  );
}
