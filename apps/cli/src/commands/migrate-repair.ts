import { migrationStatus, repair } from "@ctb-data/migrations";
import type { CommandContext } from "../command-context.ts";
import { exitCode, type ExitCode } from "../exit-code.ts";
import { openMigrations } from "../project/project-migrations.ts";
import { sayNext } from "../terminal/next-step.ts";
import { printJson } from "../terminal/print-json.ts";
import { confirm } from "../terminal/prompt.ts";
import type { RunFlags } from "./migrate-up.ts";

interface RepairFlags extends RunFlags {
  readonly version: number;
  readonly yes?: true | undefined;
}

/** `ctb-data migrate repair` */
export async function migrateRepair(
  context: CommandContext,
  flags: RepairFlags,
): Promise<ExitCode> {
  const { terminal } = context;
  await using project = await openMigrations(context, flags);
  const status = await migrationStatus(project.db, { dir: project.dir });
  const problems = status.problems.filter(({ version }) => version === flags.version);
  const found = problems.map(({ message }) => message).join(" ");
  if (flags.dryRun === true) {
    if (terminal.json) {
      printJson(terminal, { dryRun: true, version: flags.version, problems });
    } else {
      terminal.out.line(
        `${found === "" ? "There is nothing to accept." : `Would be accepted: ${found}`} This was a dry run: nothing was changed.`,
      );
    }
    return exitCode.done;
  }
  if (problems.length > 0) {
    await confirm(terminal, {
      warning: `The history will take the file as it is now. ${found}`,
      question: "Accept it?",
      yes: flags.yes === true,
      signal: context.signal,
    });
  }
  const result = await repair(project.db, {
    dir: project.dir,
    url: project.url,
    version: flags.version,
    signal: context.signal,
    ...(flags.lockWait === undefined ? {} : { lockWaitMs: flags.lockWait }),
  });
  if (terminal.json) {
    printJson(terminal, { dryRun: false, ...result });
    return exitCode.done;
  }
  const { out } = terminal;
  const what = result.repaired.map((code) => code.toLowerCase().replaceAll("_", " ")).join(", ");
  out.line(
    `${out.paint("green", "✓")} ${result.name}: accepted (${what}). The schema was not changed.`,
  );
  sayNext(out, "ctb-data migrate status");
  return exitCode.done;
}
