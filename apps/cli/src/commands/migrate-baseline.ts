import { baseline, migrationStatus } from "@ctb-data/migrations";
import type { CommandContext } from "../command-context.ts";
import { exitCode, type ExitCode } from "../exit-code.ts";
import { openMigrations } from "../project/project-migrations.ts";
import { countOf } from "../terminal/count-of.ts";
import { sayNext } from "../terminal/next-step.ts";
import { printJson } from "../terminal/print-json.ts";
import { confirm } from "../terminal/prompt.ts";
import type { RunFlags } from "./migrate-up.ts";

interface BaselineFlags extends RunFlags {
  readonly version: number;
  readonly yes?: true | undefined;
}

/** `ctb-data migrate baseline` */
export async function migrateBaseline(
  context: CommandContext,
  flags: BaselineFlags,
): Promise<ExitCode> {
  const { terminal } = context;
  await using project = await openMigrations(context, flags);
  const status = await migrationStatus(project.db, { dir: project.dir });
  const marked = status.migrations.filter(
    ({ state, version }) => state === "pending" && version <= flags.version,
  );
  const names = marked.map(({ name }) => name);
  if (flags.dryRun === true) {
    const migrations = marked.map(({ version, name }) => ({ version, name }));
    if (terminal.json) {
      printJson(terminal, { dryRun: true, migrations });
    } else {
      terminal.out.line(
        `Would be marked as applied: ${names.join(", ") || "nothing"}. This was a dry run: nothing was changed.`,
      );
    }
    return exitCode.done;
  }
  await confirm(terminal, {
    warning: `This marks ${countOf(marked.length, "migration")} as applied without running them: ${names.join(", ") || "none"}.`,
    question: "Does the database have all of that already?",
    yes: flags.yes === true,
    signal: context.signal,
  });
  const result = await baseline(project.db, {
    dir: project.dir,
    url: project.url,
    to: flags.version,
    signal: context.signal,
    ...(flags.lockWait === undefined ? {} : { lockWaitMs: flags.lockWait }),
  });
  if (terminal.json) {
    printJson(terminal, { dryRun: false, ...result });
    return exitCode.done;
  }
  for (const { name } of result.migrations) {
    terminal.out.line(`${terminal.out.paint("green", "✓")} ${name} is marked as applied`);
  }
  terminal.out.line(
    `Marked ${countOf(result.migrations.length, "migration")}; the schema was not changed.`,
  );
  sayNext(terminal.out, "ctb-data migrate status");
  return exitCode.done;
}
