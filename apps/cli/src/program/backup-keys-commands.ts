import { Option } from "@commander-js/extra-typings";
import { helpFooter } from "../help.ts";
import { type BackupParts, backupFlags } from "./backup-flags.ts";

/** `backup keys create | verify | export`. */
export function addBackupKeysCommands({ group, terminal, run }: BackupParts): void {
  const keys = group
    .command("keys")
    .description("Make, check and export the keys of backups")
    .addHelpText("after", () => helpFooter(terminal, "ctb-data backup keys create"));
  keys
    .command("create")
    .description("Make two keys that open backups and one that signs them; none is written over")
    .argument("[dir]", "the folder; made when it does not exist", "backup-keys")
    .option("--save", "also add the settings that name them to .env")
    .addHelpText("after", () =>
      helpFooter(
        terminal,
        "ctb-data backup keys create --save",
        "ctb-data backup keys create /mnt",
      ),
    )
    .action(async (dir, options) => {
      await run(async (context) => {
        const { backupKeysCreate } = await import("../commands/backup-keys-create.ts");
        return await backupKeysCreate(context, { dir, ...options });
      });
    });
  keys
    .command("verify")
    .description("Try the keys of the settings out; exit with 3 when one does not do its work")
    .option(...backupFlags.identity)
    .option(...backupFlags.signingKey)
    .addHelpText("after", () =>
      helpFooter(terminal, "ctb-data backup keys verify --identity /mnt/key.txt"),
    )
    .action(async (options) => {
      await run(async (context) => {
        const { backupKeysVerify } = await import("../commands/backup-keys-verify.ts");
        return await backupKeysVerify(context, options);
      });
    });
  keys
    .command("export")
    .description("Print the public keys as settings, for other machines; never a secret one")
    .addOption(
      new Option("--format <format>", "for .env or for global-config.yaml")
        .choices(["env", "yaml"] as const)
        .default("env" as const),
    )
    .option(...backupFlags.identity)
    .option(...backupFlags.signingKey)
    .addHelpText("after", () => helpFooter(terminal, "ctb-data backup keys export --format yaml"))
    .action(async (options) => {
      await run(async (context) => {
        const { backupKeysExport } = await import("../commands/backup-keys-export.ts");
        return await backupKeysExport(context, options);
      });
    });
}
