import { type Command, Option } from "@commander-js/extra-typings";
import { helpFooter } from "../help.ts";
import type { ProgramParts } from "../program.ts";
import { parseCount, parseSeconds, parseVersion } from "./parse-option.ts";

/** `migrate up | rollback | retry | status | create | verify | baseline | repair`. */
export function addMigrateCommands(parts: ProgramParts): void {
  const group = parts.program
    .command("migrate")
    .description("Apply, roll back and inspect the SQL migrations")
    .addHelpText("after", () =>
      helpFooter(parts.terminal, "ctb-data migrate status", "ctb-data migrate up"),
    );
  addRunning({ ...parts, group });
  addReading({ ...parts, group });
  addMending({ ...parts, group });
}

interface GroupParts extends ProgramParts {
  readonly group: Command;
}

const migrationsFlag = ["--migrations <dir>", "the folder of the migrations"] as const;
const waitFlag = [
  "--lock-wait <seconds>",
  "how long to wait for another runner (60 unless said)",
  parseSeconds,
] as const;
const dryRunFlag = [
  "--dry-run",
  "only say what would run, with its statements and what they lock",
] as const;
const yesFlag = ["-y, --yes", "do not ask"] as const;

function addRunning({ group, terminal, run }: GroupParts): void {
  group
    .command("up")
    .description("Apply the pending migrations")
    .option("--to <version>", "the last one to apply", parseVersion)
    .option(...dryRunFlag)
    .option("--allow-out-of-order", "also apply files with a smaller number than an applied one")
    .option("--allow-gaps", "numbers may be missing between pending files")
    .option(...waitFlag)
    .option(...migrationsFlag)
    .addHelpText("after", () =>
      helpFooter(terminal, "ctb-data migrate up", "ctb-data migrate up --to 003 --dry-run"),
    )
    .action(async (options) => {
      await run(async (context) => {
        const { migrateUpCommand } = await import("../commands/migrate-up.ts");
        return await migrateUpCommand(context, options);
      });
    });
  group
    .command("rollback")
    .description("Roll back the newest migration, or several")
    .addOption(
      new Option("--steps <count>", "how many, newest first (1 unless said)")
        .argParser(parseCount)
        .conflicts("to"),
    )
    .option("--to <version>", "roll back everything above this one; 0 for everything", parseVersion)
    .option("--force", "roll back although data would be lost or there is no way back; says which")
    .option(...yesFlag)
    .option(...dryRunFlag)
    .option(...waitFlag)
    .option(...migrationsFlag)
    .addHelpText("after", () =>
      helpFooter(
        terminal,
        "ctb-data migrate rollback --dry-run",
        "ctb-data migrate rollback --to 002",
      ),
    )
    .action(async (options) => {
      await run(async (context) => {
        const { migrateRollback } = await import("../commands/migrate-rollback.ts");
        return await migrateRollback(context, options);
      });
    });
  group
    .command("retry")
    .description("Go on with the migration that failed, at the statement that failed")
    .option(...dryRunFlag)
    .option(...waitFlag)
    .option(...migrationsFlag)
    .addHelpText("after", () => helpFooter(terminal, "ctb-data migrate retry"))
    .action(async (options) => {
      await run(async (context) => {
        const { migrateRetry } = await import("../commands/migrate-up.ts");
        return await migrateRetry(context, options);
      });
    });
}

function addReading({ group, terminal, run }: GroupParts): void {
  group
    .command("status")
    .description("Show every migration and its state; exit with 3 when there is something to do")
    .option(...migrationsFlag)
    .addHelpText("after", () => helpFooter(terminal, "ctb-data migrate status"))
    .action(async (options) => {
      await run(async (context) => {
        const { migrateStatus } = await import("../commands/migrate-status.ts");
        return await migrateStatus(context, options);
      });
    });
  group
    .command("verify")
    .description("Check the files against the history, and touch nothing")
    .option(...migrationsFlag)
    .addHelpText("after", () => helpFooter(terminal, "ctb-data migrate verify"))
    .action(async (options) => {
      await run(async (context) => {
        const { migrateVerify } = await import("../commands/migrate-verify.ts");
        return await migrateVerify(context, options);
      });
    });
}

function addMending({ group, terminal, run }: GroupParts): void {
  group
    .command("create")
    .description("Make the next migration file and its way back")
    .argument("<name...>", "what it does: add user roles table")
    .option(
      "--from <registry>",
      "write the SQL that leads from this older registry to the present one",
    )
    .option("--registry <path>", "with --from: the present registry, a file or a folder")
    .option("--no-transaction", "for CREATE INDEX CONCURRENTLY and the like")
    .option("--dry-run", "only say what would be written")
    .option(...migrationsFlag)
    .addHelpText("after", () =>
      helpFooter(
        terminal,
        'ctb-data migrate create "add user roles table"',
        "ctb-data migrate create add phone --from old-registry.yml",
      ),
    )
    .action(async (words, options) => {
      await run(async (context) => {
        const { migrateCreate } = await import("../commands/migrate-create.ts");
        return await migrateCreate(context, { name: words.join(" "), ...options });
      });
    });
  group
    .command("baseline")
    .description("Mark migrations as applied in a database that another tool built")
    .argument("<version>", "the last one that the database already has", parseVersion)
    .option(...yesFlag)
    .option("--dry-run", "only say what would be marked")
    .option(...waitFlag)
    .option(...migrationsFlag)
    .addHelpText("after", () => helpFooter(terminal, "ctb-data migrate baseline 004"))
    .action(async (version, options) => {
      await run(async (context) => {
        const { migrateBaseline } = await import("../commands/migrate-baseline.ts");
        return await migrateBaseline(context, { version, ...options });
      });
    });
  group
    .command("repair")
    .description("Accept one applied migration as its file is now: edited, renamed or gone")
    .argument("<version>", "which one", parseVersion)
    .option(...yesFlag)
    .option("--dry-run", "only say what would be accepted")
    .option(...waitFlag)
    .option(...migrationsFlag)
    .addHelpText("after", () => helpFooter(terminal, "ctb-data migrate repair 002"))
    .action(async (version, options) => {
      await run(async (context) => {
        const { migrateRepair } = await import("../commands/migrate-repair.ts");
        return await migrateRepair(context, { version, ...options });
      });
    });
}
