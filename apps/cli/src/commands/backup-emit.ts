import type { EmittedFile, ScheduleTarget } from "@ctb-data/backup";
import { scheduleOf } from "../backup/backup-due.ts";
import { CliError } from "../cli-error.ts";
import type { CommandContext } from "../command-context.ts";
import type { Settings } from "../config/settings.ts";
import { exitCode, type ExitCode } from "../exit-code.ts";
import { printJson } from "../terminal/print-json.ts";

/** What `backup schedule --emit` takes. */
export interface EmitFlags {
  readonly emit: ScheduleTarget;
  readonly user?: string | undefined;
  readonly image?: string | undefined;
}

/** `ctb-data backup schedule --emit`: prints what another scheduler needs to run `backup create --if-due`. */
export async function backupEmit(
  context: CommandContext,
  settings: Settings,
  { emit: target, user, image }: EmitFlags,
): Promise<ExitCode> {
  const { terminal, dir } = context;
  if (target === "k8s" && image === undefined) {
    throw new CliError("USAGE", "A CronJob of Kubernetes needs an image that has ctb-data.", {
      hint: "Name it: --emit k8s --image registry.example.com/my-app:1.2",
    });
  }
  const { emitSchedule } = await import("@ctb-data/backup");
  const isHere = target === "systemd" || target === "crontab";
  const files = emitSchedule({
    target,
    schedule: await scheduleOf(context, settings),
    command: commandFor(target),
    machineTimeZone: Intl.DateTimeFormat().resolvedOptions().timeZone,
    user,
    image,
    directory: isHere ? dir : undefined,
  });
  if (isHere && process.argv[1]?.includes("_npx") === true) {
    context.warn(
      "npx keeps this program in a cache, from where it may go: install it, npm install -g @ctb-data/cli, and run this again.",
    );
  }
  if (!settings.BACKUP_ENABLED) {
    context.warn("BACKUP_ENABLED is false: what is printed here does nothing until it is true.");
  }
  if (terminal.json) {
    printJson(terminal, { target, files });
  } else {
    terminal.out.write(files.map((file) => textOf(file, files.length)).join("\n"));
  }
  return exitCode.done;
}

/** On this machine with whole paths, for neither cron nor systemd has the PATH of a shell. */
function commandFor(target: ScheduleTarget): readonly string[] {
  const [node = "node", script = "ctb-data"] = process.argv;
  if (target === "systemd" || target === "crontab") {
    return [node, ...process.execArgv, script];
  }
  return target === "github-actions" ? ["npx", "ctb-data"] : ["ctb-data"];
}

function textOf({ name, text }: EmittedFile, count: number): string {
  return count === 1 ? text : `# ${name}\n${text}`;
}
