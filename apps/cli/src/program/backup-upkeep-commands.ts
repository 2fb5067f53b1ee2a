import { Option } from "@commander-js/extra-typings";
import { helpFooter } from "../help.ts";
import { type BackupParts, backupFlags } from "./backup-flags.ts";

/** `backup status | prune | gc | schedule`. */
export function addBackupUpkeepCommands(parts: BackupParts): void {
  addStatus(parts);
  addRemoving(parts);
  addSchedule(parts);
}

function addStatus({ group, terminal, run }: BackupParts): void {
  group
    .command("status")
    .description("Say whether there is a fresh and proven backup; exit with 3 when there is not")
    .option("--max-age <age>", "the newest backup may be so old: 90m, 26h, 8d", "26h")
    .option("--max-verified-age <age>", "and the newest verified one so old")
    .option("--max-drill-age <age>", "and the last drill may be so long ago")
    .option("--source <name>", "only the backups of this series")
    .option(...backupFlags.storage)
    .addHelpText("after", () =>
      helpFooter(terminal, "ctb-data backup status --max-age 26h --max-drill-age 8d"),
    )
    .action(async (options) => {
      await run(async (context) => {
        const { backupStatusCommand } = await import("../commands/backup-status.ts");
        return await backupStatusCommand(context, options);
      });
    });
}

function addRemoving({ group, terminal, run }: BackupParts): void {
  group
    .command("prune")
    .description("Delete the backups that the settings do not keep, never the last verified ones")
    .option("--dry-run", "only say what would be deleted and what is kept, and why")
    .option("--allow-many", "also when more than half of the backups would go")
    .option(...backupFlags.yes)
    .option(...backupFlags.storage)
    .addHelpText("after", () =>
      helpFooter(terminal, "ctb-data backup prune --dry-run", "ctb-data backup prune --yes"),
    )
    .action(async (options) => {
      await run(async (context) => {
        const { backupPrune } = await import("../commands/backup-prune.ts");
        return await backupPrune(context, options);
      });
    });
  group
    .command("gc")
    .description("Remove what runs that were killed left in the storage")
    .option("--older-than <age>", "only what is so old: a run may still be at it", "48h")
    .option("--dry-run", "only say what would be removed")
    .option(...backupFlags.storage)
    .addHelpText("after", () => helpFooter(terminal, "ctb-data backup gc --dry-run"))
    .action(async (options) => {
      await run(async (context) => {
        const { backupGc } = await import("../commands/backup-gc.ts");
        return await backupGc(context, options);
      });
    });
}

function addSchedule({ group, terminal, run }: BackupParts): void {
  group
    .command("schedule")
    .description("Make, verify and prune backups on the schedule, until Ctrl-C or SIGTERM")
    .addOption(
      new Option("--emit <kind>", "print what another scheduler needs instead").choices([
        "systemd",
        "crontab",
        "k8s",
        "github-actions",
      ] as const),
    )
    .option("--user <name>", "with --emit systemd: who runs it; root otherwise")
    .option("--image <image>", "with --emit k8s: the image that has ctb-data")
    .option(...backupFlags.signingKey)
    .option(...backupFlags.storage)
    .addHelpText("after", () =>
      helpFooter(terminal, "ctb-data backup schedule", "ctb-data backup schedule --emit systemd"),
    )
    .action(async (options) => {
      await run(async (context) => {
        const { backupSchedule } = await import("../commands/backup-schedule.ts");
        return await backupSchedule(context, options);
      });
    });
}
