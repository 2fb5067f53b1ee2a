import { BackupError } from "../backup-error.ts";
import type { EmitJob, EmittedFile } from "./emit-job.ts";
import { patternWithGap } from "./wake-times.ts";

/**
 * A CronJob (batch/v1) of Kubernetes 1.27 or newer, which know time zones. JSON strings are strings of YAML.
 *
 * @see {@link https://kubernetes.io/docs/concepts/workloads/controllers/cron-jobs/ CronJob}
 */
export function emitKubernetes(job: EmitJob): readonly EmittedFile[] {
  const { name, schedule, image, args, now, secret = name } = job;
  if (image === undefined) {
    throw new BackupError("INVALID_OPTIONS", "A CronJob needs an image.", {
      hint: "Name an image that has ctb-data in it.",
    });
  }
  const workingDir =
    job.directory === undefined
      ? []
      : [`              workingDir: ${JSON.stringify(job.directory)}`];
  const text = [
    `# ${schedule.pattern} (${schedule.timeZone}). Being woken more often does no harm: nothing happens unless a backup is due.`,
    "apiVersion: batch/v1",
    "kind: CronJob",
    "metadata:",
    `  name: ${name}`,
    "spec:",
    `  schedule: ${JSON.stringify(patternWithGap(schedule, now))}`,
    `  timeZone: ${JSON.stringify(schedule.timeZone)}`,
    "  concurrencyPolicy: Forbid",
    "  startingDeadlineSeconds: 3600",
    "  successfulJobsHistoryLimit: 3",
    "  failedJobsHistoryLimit: 3",
    "  jobTemplate:",
    "    spec:",
    "      backoffLimit: 3",
    "      podFailurePolicy:",
    "        rules:",
    "          # 2 and 4: wrong configuration, refused; trying again would not help.",
    "          - action: FailJob",
    `            onExitCodes: { containerName: ${name}, operator: In, values: [2, 4] }`,
    "          # 5: another one makes the backup.",
    "          - action: Ignore",
    `            onExitCodes: { containerName: ${name}, operator: In, values: [5] }`,
    "      template:",
    "        spec:",
    "          restartPolicy: Never",
    "          # Time to abort uploads and give up the lease.",
    "          terminationGracePeriodSeconds: 300",
    "          automountServiceAccountToken: false",
    "          securityContext:",
    "            runAsNonRoot: true",
    "            seccompProfile: { type: RuntimeDefault }",
    "          containers:",
    `            - name: ${name}`,
    `              image: ${JSON.stringify(image)}`,
    "              command:",
    // Kubernetes expands $(NAME); a doubled dollar sign stands for one.
    ...args.map((arg) => `                - ${JSON.stringify(arg.replaceAll("$(", "$$$$("))}`),
    ...workingDir,
    "              envFrom:",
    `                - secretRef: { name: ${JSON.stringify(secret)} }`,
    "              securityContext:",
    "                allowPrivilegeEscalation: false",
    "                capabilities: { drop: [ALL] }",
    "",
  ].join("\n");
  return [{ name: `${name}.yaml`, text }];
}
