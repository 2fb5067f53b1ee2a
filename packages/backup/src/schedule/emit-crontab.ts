import { isPortable } from "./cron-fields.ts";
import { absoluteDirectory, type EmitJob, type EmittedFile } from "./emit-job.ts";
import { shellQuoted } from "./shell-quoted.ts";
import { hourlyPattern, portablePattern } from "./wake-times.ts";

/** A line for `crontab -e`. */
export function emitCrontab(job: EmitJob): readonly EmittedFile[] {
  const { schedule, machineTimeZone, now, args } = job;
  const { pattern, timeZone } = schedule;
  const isExact = machineTimeZone === timeZone && isPortable(schedule.fields);
  const times = isExact
    ? portablePattern(schedule)
    : hourlyPattern(schedule, machineTimeZone ?? "UTC", now);
  const why = isExact
    ? [`# ${pattern}, in the time zone of this machine, ${timeZone}.`]
    : [
        `# ${pattern} (${timeZone}): cron knows only the machine's time zone, so this asks every hour.`,
        "# Nothing happens unless a backup is due.",
      ];
  const command = `cd ${shellQuoted(absoluteDirectory(job))} && ${args.map(shellQuoted).join(" ")}`;
  const text = [
    ...why,
    "# cron's PATH is short: name the program with its whole path if it is not found.",
    // cron makes a line break of each percent sign that has no backslash before it, also between quotes.
    `${times} ${command.replaceAll("%", String.raw`\%`)}`,
    "",
  ].join("\n");
  return [{ name: "crontab", text }];
}
