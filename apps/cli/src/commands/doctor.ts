import type { CommandContext } from "../command-context.ts";
import { exitCode, type ExitCode } from "../exit-code.ts";
import { checkProject } from "../project/check-project.ts";
import type { Check } from "../project/check.ts";
import { countOf } from "../terminal/count-of.ts";
import { printJson } from "../terminal/print-json.ts";
import { renderTable } from "../terminal/table.ts";
import { wrapText } from "../terminal/wrap-text.ts";

const marks = { ok: "green", warn: "yellow", fail: "red" } as const;

/** `ctb-data doctor` */
export async function doctor(context: CommandContext): Promise<ExitCode> {
  const { terminal } = context;
  const { out } = terminal;
  const checks: readonly Check[] = await checkProject(context);
  const failed = checks.filter(({ result }) => result === "fail");
  const warned = checks.filter(({ result }) => result === "warn");
  if (terminal.json) {
    printJson(terminal, { ok: failed.length === 0, checks });
    return failed.length === 0 ? exitCode.done : exitCode.failed;
  }
  out.line(
    renderTable(out, {
      columns: [{ title: "" }, { title: "check" }, { title: "found", wraps: true }],
      rows: checks.map(({ result, name, found }) => [
        { text: result, style: marks[result] },
        name,
        found,
      ]),
    }),
  );
  out.line();
  for (const { result, name, todo } of checks) {
    if (todo !== undefined) {
      out.line(wrapText(`${out.paint(marks[result], `${name}:`)} ${todo}`, out.columns, "  "));
    }
  }
  out.line(
    failed.length + warned.length === 0
      ? "All is well."
      : `${countOf(failed.length, "failure")}, ${countOf(warned.length, "warning")}.`,
  );
  return failed.length === 0 ? exitCode.done : exitCode.failed;
}
