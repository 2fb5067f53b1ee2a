import type { CheckPart, IntegrityReport } from "@ctb-data/integrity";
import type { CommandContext } from "../command-context.ts";
import { exitCode, type ExitCode } from "../exit-code.ts";
import { type CheckFlags, checkParts, prepareCheck, sameFlags } from "../integrity/check-flags.ts";
import { openIntegrityStores } from "../integrity/open-integrity-stores.ts";
import { sayIntegrityReport } from "../integrity/say-integrity-report.ts";
import { openWorkProgress } from "../progress/work-progress.ts";
import { printJson } from "../terminal/print-json.ts";

interface IntegrityCheckFlags extends CheckFlags {
  readonly only?: readonly CheckPart[] | undefined;
  readonly statements?: true | undefined;
}

/** `ctb-data integrity check` */
export async function integrityCheck(
  context: CommandContext,
  { only, ...flags }: IntegrityCheckFlags,
): Promise<ExitCode> {
  const { terminal } = context;
  checkParts(flags, only);
  const startedAt = performance.now();
  await using opened = await openIntegrityStores(context, flags);
  using progress = openWorkProgress(context);
  progress.onProgress({ kind: "step", step: "preparing" });
  const { options, notChecked } = await prepareCheck(context, opened, { ...flags, parts: only });
  const { checkIntegrity } = await import("@ctb-data/integrity");
  const found = await checkIntegrity(opened.stores, {
    ...options,
    onProgress: progress.onProgress,
  });
  progress[Symbol.dispose]();
  const report: IntegrityReport = { ...found, notChecked: [...found.notChecked, ...notChecked] };
  if (terminal.json) {
    printJson(terminal, report);
  } else {
    sayIntegrityReport(terminal.out, report, {
      statements: flags.statements === true,
      ms: performance.now() - startedAt,
      fixCommand: `ctb-data integrity fix --dry-run${sameFlags(flags)}`,
    });
  }
  return report.ok ? exitCode.done : exitCode.different;
}
