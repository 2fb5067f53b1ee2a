import { verifyMigrations } from "@ctb-data/migrations";
import type { CommandContext } from "../command-context.ts";
import { exitCode, type ExitCode } from "../exit-code.ts";
import { openMigrations } from "../project/project-migrations.ts";
import { countOf } from "../terminal/count-of.ts";
import { printJson } from "../terminal/print-json.ts";
import { wrapText } from "../terminal/wrap-text.ts";

/** `ctb-data migrate verify` */
export async function migrateVerify(
  context: CommandContext,
  flags: { readonly migrations?: string | undefined },
): Promise<ExitCode> {
  const { terminal } = context;
  const { out } = terminal;
  await using project = await openMigrations(context, flags);
  const result = await verifyMigrations(project.db, { dir: project.dir });
  if (terminal.json) {
    printJson(terminal, result);
    return result.ok ? exitCode.done : exitCode.different;
  }
  for (const problem of result.problems) {
    const isError = problem.severity === "error";
    const mark = out.paint(isError ? "red" : "yellow", isError ? "✗" : "!");
    out.line(wrapText(`${mark} ${problem.message} (${problem.code})`, out.columns, "  "));
    out.line(wrapText(`  ${problem.hint}`, out.columns, "  "));
  }
  const checked = countOf(result.checked, "migration");
  const found = countOf(result.problems.length, "problem");
  out.line(
    result.problems.length === 0
      ? `${checked} checked: files and history agree.`
      : `${checked} checked: ${found}. Nothing was touched.`,
  );
  return result.ok ? exitCode.done : exitCode.different;
}
