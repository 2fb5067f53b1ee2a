import { Option } from "@commander-js/extra-typings";
import { helpFooter } from "../help.ts";
import { type BackupParts, backupFlags, onlyOption } from "./backup-flags.ts";
import { collect, parseCount } from "./parse-option.ts";

/** `backup verify | restore`. */
export function addBackupRestoreCommands(parts: BackupParts): void {
  addVerify(parts);
  addRestore(parts);
}

function addVerify({ group, terminal, run }: BackupParts): void {
  group
    .command("verify")
    .description("Check backups, and keep signed evidence of it; exit with 3 when one is not right")
    .argument("[id]", "the id, the beginning of one, or latest", "latest")
    .option("--all", "every backup, the newest first")
    .addOption(
      new Option(
        "--level <level>",
        "stored: sizes and signature; hashes: every byte (the default); contents: decrypt and count",
      )
        .choices(["stored", "hashes", "contents", "drill"] as const)
        .conflicts("drill"),
    )
    .option("--drill", "restore into throwaway databases on this machine, and compare")
    .option(
      "--search-path <schemas>",
      "for functions that name tables without their schema: public, say",
    )
    .option(...backupFlags.identity)
    .option(...backupFlags.signingKey)
    .option(...backupFlags.storage)
    .addHelpText("after", () =>
      helpFooter(terminal, "ctb-data backup verify --all", "ctb-data backup verify latest --drill"),
    )
    .action(async (id, options) => {
      await run(async (context) => {
        const { backupVerify } = await import("../commands/backup-verify.ts");
        return await backupVerify(context, { id, ...options });
      });
    });
}

function addRestore({ group, terminal, run }: BackupParts): void {
  group
    .command("restore")
    .description("Restore a backup into the databases that the settings name, which must be empty")
    .argument("<id>", "the id, the beginning of one, or latest")
    .addOption(onlyOption("restore this store alone"))
    .option("--table <name>", "only this table; may be given again", collect)
    .option("--collection <path>", "only this collection, with what is below it")
    .addOption(
      new Option(
        "--overwrite",
        "the target may hold data: what is in the backup replaces it, the rest stays",
      ).conflicts("exact"),
    )
    .option("--exact", "the same, and what is not in the backup is deleted")
    .option("--not-valid", "foreign keys that the rows violate are added NOT VALID")
    .option(
      "--search-path <schemas>",
      "for functions that name tables without their schema: public, say",
    )
    .option(...backupFlags.identity)
    .option("--target <name>", "with --yes: the database or project to restore into", collect)
    .option("-y, --yes", "do not ask; every target must be named with --target")
    .option("--dry-run", "only say what would be restored, and into what")
    .option("--jobs <n>", "so many connections at once (2 unless said)", parseCount)
    .option(...backupFlags.storage)
    .addHelpText("after", () =>
      helpFooter(
        terminal,
        "ctb-data backup restore latest --dry-run",
        "ctb-data backup restore 2026-11-22 --yes --target app",
        "ctb-data backup restore latest --table clients --exact",
      ),
    )
    .action(async (id, options) => {
      await run(async (context) => {
        const { backupRestore } = await import("../commands/backup-restore.ts");
        return await backupRestore(context, { id, ...options });
      });
    });
}
