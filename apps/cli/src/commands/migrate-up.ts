import { migrateUp, retry, type UpResult } from "@ctb-data/migrations";
import type { CommandContext } from "../command-context.ts";
import { exitCode, type ExitCode } from "../exit-code.ts";
import { openMigrations } from "../project/project-migrations.ts";
import { countOf, durationText } from "../terminal/count-of.ts";
import { sayNext } from "../terminal/next-step.ts";
import { printJson } from "../terminal/print-json.ts";
import type { Channel } from "../terminal/terminal.ts";
import { sayPlan } from "./migration-plan.ts";
import { migrationProgress } from "./migration-progress.ts";

/** What both commands take. */
export interface RunFlags {
  readonly migrations?: string | undefined;
  readonly dryRun?: true | undefined;
  readonly lockWait?: number | undefined;
}

interface UpFlags extends RunFlags {
  readonly to?: number | undefined;
  readonly allowOutOfOrder?: true | undefined;
  readonly allowGaps?: true | undefined;
}

/** `ctb-data migrate up` */
export async function migrateUpCommand(context: CommandContext, flags: UpFlags): Promise<ExitCode> {
  await using project = await openMigrations(context, flags);
  using progress = await migrationProgress(context);
  const startedAt = performance.now();
  const result = await migrateUp(project.db, {
    dir: project.dir,
    url: project.url,
    dryRun: flags.dryRun === true,
    allowOutOfOrder: flags.allowOutOfOrder === true,
    allowGaps: flags.allowGaps === true,
    onProgress: progress.onProgress,
    signal: context.signal,
    ...(flags.to === undefined ? {} : { to: flags.to }),
    ...(flags.lockWait === undefined ? {} : { lockWaitMs: flags.lockWait }),
  });
  progress[Symbol.dispose]();
  sayResult(context, result, { ...flags, command: "up", ms: performance.now() - startedAt });
  return exitCode.done;
}

/** `ctb-data migrate retry` */
export async function migrateRetry(context: CommandContext, flags: RunFlags): Promise<ExitCode> {
  await using project = await openMigrations(context, flags);
  using progress = await migrationProgress(context);
  const startedAt = performance.now();
  const result = await retry(project.db, {
    dir: project.dir,
    url: project.url,
    dryRun: flags.dryRun === true,
    onProgress: progress.onProgress,
    signal: context.signal,
    ...(flags.lockWait === undefined ? {} : { lockWaitMs: flags.lockWait }),
  });
  progress[Symbol.dispose]();
  sayResult(context, result, { command: "retry", ms: performance.now() - startedAt });
  return exitCode.done;
}

interface ResultOptions {
  readonly command: "up" | "retry";
  readonly ms: number;
}

function sayNothing(out: Channel, { pending }: UpResult, command: "up" | "retry"): void {
  if (command === "retry") {
    out.line("Nothing to retry: no migration has failed.");
  } else {
    out.line(
      pending === 0 ? "Nothing to do: no migration is pending." : "Nothing to do up to there.",
    );
  }
  if (pending > 0) {
    out.line(`${countOf(pending, "migration")} pending.`);
    sayNext(out, "ctb-data migrate up");
  }
}

function sayResult(
  { terminal }: CommandContext,
  result: UpResult,
  { command, ms }: ResultOptions,
): void {
  if (terminal.json) {
    printJson(terminal, result);
    return;
  }
  const { out } = terminal;
  const { migrations, pending, dryRun } = result;
  const count = countOf(migrations.length, "migration");
  if (migrations.length === 0) {
    sayNothing(out, result, command);
    return;
  }
  if (dryRun) {
    sayPlan(out, migrations);
    out.line(`${count} would be applied. This was a dry run: nothing was changed.`);
    sayNext(out, `ctb-data migrate ${command}`);
    return;
  }
  out.line(`Applied ${count} in ${durationText(ms)}.`);
  if (pending > 0) {
    out.line(`${countOf(pending, "migration")} still pending.`);
    sayNext(out, "ctb-data migrate up");
    return;
  }
  sayNext(out, "ctb-data migrate status");
}
