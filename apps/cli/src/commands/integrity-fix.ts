import type { FixOptions, FixReport, IntegrityStores } from "@ctb-data/integrity";
import type { CommandContext } from "../command-context.ts";
import { exitCode, type ExitCode } from "../exit-code.ts";
import { type CheckFlags, prepareCheck, sameFlags } from "../integrity/check-flags.ts";
import { confirmChange } from "../integrity/confirm-change.ts";
import { isFault } from "../integrity/finding-counts.ts";
import {
  type OpenedIntegrityStores,
  openIntegrityStores,
} from "../integrity/open-integrity-stores.ts";
import { sayFixReport, sayFixStep } from "../integrity/say-fix-report.ts";
import { sayNotChecked } from "../integrity/say-integrity-report.ts";
import { openWorkProgress } from "../progress/work-progress.ts";
import { countOf } from "../terminal/count-of.ts";
import { printJson } from "../terminal/print-json.ts";
import { printable } from "../terminal/printable.ts";
import { shellWord } from "../terminal/shell-word.ts";

interface IntegrityFixFlags extends CheckFlags {
  readonly only?: readonly string[] | undefined;
  readonly dryRun?: true | undefined;
  readonly lockTimeout?: number | undefined;
  readonly yes?: true | undefined;
}

/** `ctb-data integrity fix` */
export async function integrityFix(
  context: CommandContext,
  flags: IntegrityFixFlags,
): Promise<ExitCode> {
  await using opened = await openIntegrityStores(context, flags);
  const isDryRun = flags.dryRun === true;
  if (!isDryRun && flags.yes !== true && !context.terminal.canAsk) {
    // Before anything is looked for, which may take long.
    await confirmChange(context, {
      targets: opened.targets,
      warning: "A fix changes data.",
      yes: false,
    });
  }
  const { options, notChecked } = await prepareCheck(context, opened, flags);
  const run = async (dryRun: boolean): Promise<FixReport> =>
    await fix(context, opened.stores, {
      ...options,
      only: flags.only,
      lockTimeoutMs: flags.lockTimeout,
      dryRun,
    });
  if (flags.yes !== true || isDryRun) {
    const plan = await run(true);
    const isNothing = plan.steps.every(({ state }) => state !== "planned");
    if (isDryRun || isNothing) {
      sayEnd(context, plan, { flags, notChecked });
      return isNothing ? codeOf(plan) : exitCode.different;
    }
    await ask(context, opened, plan);
  }
  const report = await run(false);
  sayEnd(context, report, { flags, notChecked });
  return codeOf(report);
}

async function fix(
  context: CommandContext,
  stores: IntegrityStores,
  options: FixOptions,
): Promise<FixReport> {
  const { fixIntegrity } = await import("@ctb-data/integrity");
  const { say } = context.terminal;
  using progress = openWorkProgress(context);
  return await fixIntegrity(stores, {
    ...options,
    onProgress: (event) => {
      progress.onProgress(event);
      if (options.dryRun !== true && event.kind === "step" && event.step === "fix") {
        progress.say(say.paint("dim", `… ${printable(event.detail ?? "")}`));
      }
    },
  });
}

/** Shows what would be done, and asks for the name of each store in which something would. */
async function ask(
  context: CommandContext,
  { targets }: OpenedIntegrityStores,
  plan: FixReport,
): Promise<void> {
  const planned = plan.steps.filter(({ state }) => state === "planned");
  for (const step of planned) {
    sayFixStep(context.terminal.out, step, { statements: false });
  }
  const stores = new Set(planned.map(({ store }) => store));
  await confirmChange(context, {
    targets: targets.filter(({ store }) => stores.has(store)),
    warning: `This fixes ${countOf(planned.length, "finding")} by ${plan.strategy}; ctb-data integrity undo puts everything back.`,
    yes: false,
  });
}

function sayEnd(
  { terminal }: CommandContext,
  report: FixReport,
  {
    flags,
    notChecked,
  }: { readonly flags: IntegrityFixFlags; readonly notChecked: readonly string[] },
): void {
  if (terminal.json) {
    printJson(terminal, report);
    return;
  }
  const only = (flags.only ?? []).map((id) => ` --only ${shellWord(id)}`).join("");
  sayNotChecked(terminal.out, notChecked);
  sayFixReport(terminal.out, report, {
    statements: report.dryRun,
    fixCommand: `ctb-data integrity fix${sameFlags(flags)}${only}`,
  });
}

function codeOf({ steps, left }: FixReport): ExitCode {
  if (steps.some(({ state }) => state === "failed")) return exitCode.failed;
  return left.some(isFault) ? exitCode.different : exitCode.done;
}
