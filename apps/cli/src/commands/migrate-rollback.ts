import { rollback, type RollbackOptions, type RolledBack } from "@ctb-data/migrations";
import type { CommandContext } from "../command-context.ts";
import { exitCode, type ExitCode } from "../exit-code.ts";
import { openMigrations } from "../project/project-migrations.ts";
import { countOf, durationText } from "../terminal/count-of.ts";
import { sayNext } from "../terminal/next-step.ts";
import { printJson } from "../terminal/print-json.ts";
import { confirm } from "../terminal/prompt.ts";
import type { Channel } from "../terminal/terminal.ts";
import type { RunFlags } from "./migrate-up.ts";
import { sayPlan } from "./migration-plan.ts";
import { migrationProgress } from "./migration-progress.ts";

interface RollbackFlags extends RunFlags {
  readonly steps?: number | undefined;
  readonly to?: number | undefined;
  readonly force?: true | undefined;
  readonly yes?: true | undefined;
}

/** `ctb-data migrate rollback` */
export async function migrateRollback(
  context: CommandContext,
  flags: RollbackFlags,
): Promise<ExitCode> {
  const { terminal } = context;
  await using project = await openMigrations(context, flags);
  const options: RollbackOptions = {
    dir: project.dir,
    url: project.url,
    force: flags.force === true,
    signal: context.signal,
    ...(flags.steps === undefined ? {} : { steps: flags.steps }),
    ...(flags.to === undefined ? {} : { to: flags.to }),
    ...(flags.lockWait === undefined ? {} : { lockWaitMs: flags.lockWait }),
  };
  const plan = await rollback(project.db, { ...options, dryRun: true });
  if (plan.migrations.length === 0 || flags.dryRun === true) {
    if (terminal.json) {
      printJson(terminal, { ...plan, dryRun: flags.dryRun === true });
    } else {
      sayDryRun(terminal.out, plan.migrations);
    }
    return exitCode.done;
  }
  await askFirst(context, plan.migrations, flags);
  using progress = await migrationProgress(context);
  const startedAt = performance.now();
  const result = await rollback(project.db, { ...options, onProgress: progress.onProgress });
  progress[Symbol.dispose]();
  if (terminal.json) {
    printJson(terminal, result);
    return exitCode.done;
  }
  const { out } = terminal;
  for (const migration of result.migrations) {
    sayForced(out, migration, "Forced");
  }
  out.line(
    `Rolled back ${countOf(result.migrations.length, "migration")} in ${durationText(performance.now() - startedAt)}.`,
  );
  sayNext(out, "ctb-data migrate up");
  return exitCode.done;
}

async function askFirst(
  context: CommandContext,
  migrations: readonly RolledBack[],
  flags: RollbackFlags,
): Promise<void> {
  const names = migrations.map(({ name }) => name).join(", ");
  const forced = migrations.flatMap((migration) => migration.forced);
  const lost = forced.map(({ message }) => ` ${message}`).join("");
  await confirm(context.terminal, {
    warning: `This rolls back ${countOf(migrations.length, "migration")}: ${names}.${lost}`,
    question: "Roll back?",
    yes: flags.yes === true,
    signal: context.signal,
    // What is forced cannot be undone: a reflex must not do it.
    ...(forced.length > 0 && migrations[0] !== undefined ? { typed: migrations[0].name } : {}),
  });
}

function sayDryRun(out: Channel, migrations: readonly RolledBack[]): void {
  if (migrations.length === 0) {
    out.line("Nothing to roll back.");
    return;
  }
  sayPlan(out, migrations);
  for (const migration of migrations) {
    sayForced(out, migration, "Would be forced");
  }
  out.line(
    `${countOf(migrations.length, "migration")} would be rolled back. This was a dry run: nothing was changed.`,
  );
}

function sayForced(out: Channel, migration: RolledBack, word: string): void {
  for (const refusal of migration.forced) {
    out.line(`${out.paint("yellow", `${word}:`)} ${refusal.message} (${refusal.code})`);
  }
  if (!migration.schemaChanged) {
    out.line(
      `${out.paint("yellow", "!")} ${migration.name} is only unmarked: there was no down file, the schema was not changed.`,
    );
  }
}
