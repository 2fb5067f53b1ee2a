import { Option } from "@commander-js/extra-typings";
import { helpFooter } from "../help.ts";
import type { ProgramParts } from "../program.ts";
import { type BackupParts, backupFlags, onlyOption } from "./backup-flags.ts";
import { addBackupKeysCommands } from "./backup-keys-commands.ts";
import { addBackupRestoreCommands } from "./backup-restore-commands.ts";
import { addBackupUpkeepCommands } from "./backup-upkeep-commands.ts";
import { collect, parseCount } from "./parse-option.ts";

/** `backup create | list | show | verify | restore | prune | status | schedule | gc | keys`. */
export function addBackupCommands(parts: ProgramParts): void {
  const group = parts.program
    .command("backup")
    .description("Back up and restore PostgreSQL and Firestore, encrypted and signed")
    .addHelpText("after", () =>
      helpFooter(
        parts.terminal,
        "ctb-data backup keys create --save",
        "ctb-data backup create",
        "ctb-data backup restore latest",
      ),
    );
  addCreate({ ...parts, group });
  addReading({ ...parts, group });
  addBackupRestoreCommands({ ...parts, group });
  addBackupUpkeepCommands({ ...parts, group });
  addBackupKeysCommands({ ...parts, group });
}

function addCreate({ group, terminal, run }: BackupParts): void {
  group
    .command("create")
    .description("Back up both stores into one new archive")
    .addOption(onlyOption("back up this store alone"))
    .option("--recipient <key>", "whom to encrypt to (age1…); may be given again", collect)
    .addOption(
      new Option("--encryption <kind>", "none stores everything in the clear").choices([
        "age",
        "none",
      ] as const),
    )
    .option(...backupFlags.signingKey)
    .addOption(
      new Option("--schema <source>", "what writes the SQL of the schema").choices([
        "auto",
        "pg_dump",
        "catalog",
      ] as const),
    )
    .option("--strict", "fail when the database has something that the archive would not hold")
    .option("--jobs <n>", "so many connections at once (2 unless said)", parseCount)
    .option("--verify", "read everything back and check its hashes")
    .option("--if-due", "for cron: when the schedule asks for one, back up, verify and prune")
    .option(...backupFlags.storage)
    .addHelpText("after", () =>
      helpFooter(
        terminal,
        "ctb-data backup create --verify",
        "ctb-data backup create --storage s3://my-backups/prod",
      ),
    )
    .action(async (options) => {
      await run(async (context) => {
        const { backupCreate } = await import("../commands/backup-create.ts");
        return await backupCreate(context, options);
      });
    });
}

function addReading({ group, terminal, run }: BackupParts): void {
  group
    .command("list")
    .description("Show every backup: when, how large, verified and drilled when")
    .option("--source <name>", "only the backups of this series")
    .option(...backupFlags.storage)
    .addHelpText("after", () => helpFooter(terminal, "ctb-data backup list"))
    .action(async (options) => {
      await run(async (context) => {
        const { backupList } = await import("../commands/backup-list.ts");
        return await backupList(context, options);
      });
    });
  group
    .command("show")
    .description("Show what a backup holds; all of it with a secret key, its totals without")
    .argument("[id]", "the id, the beginning of one, or latest", "latest")
    .option(...backupFlags.identity)
    .option(...backupFlags.storage)
    .addHelpText("after", () =>
      helpFooter(terminal, "ctb-data backup show latest --identity ./backup-identity.txt"),
    )
    .action(async (id, options) => {
      await run(async (context) => {
        const { backupShow } = await import("../commands/backup-show.ts");
        return await backupShow(context, { id, ...options });
      });
    });
}
