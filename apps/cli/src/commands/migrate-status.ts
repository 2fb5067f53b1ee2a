import { type MigrationState, type MigrationStatus, migrationStatus } from "@ctb-data/migrations";
import type { CommandContext } from "../command-context.ts";
import { exitCode, type ExitCode } from "../exit-code.ts";
import { openMigrations } from "../project/project-migrations.ts";
import { countOf } from "../terminal/count-of.ts";
import { sayNext } from "../terminal/next-step.ts";
import { printJson } from "../terminal/print-json.ts";
import { renderTable, type TableCell } from "../terminal/table.ts";
import type { Channel, Style } from "../terminal/terminal.ts";
import { wrapText } from "../terminal/wrap-text.ts";

/** `ctb-data migrate status` */
export async function migrateStatus(
  context: CommandContext,
  flags: { readonly migrations?: string | undefined },
): Promise<ExitCode> {
  const { terminal } = context;
  await using project = await openMigrations(context, flags);
  const status = await migrationStatus(project.db, { dir: project.dir });
  const settled = isSettled(status);
  if (terminal.json) {
    printJson(terminal, { database: project.db.description, settled, ...status });
  } else {
    sayStatus(terminal.out, status, project.dir);
  }
  return settled ? exitCode.done : exitCode.different;
}

/** Whether there is nothing to do: all applied, nothing failed, nothing drifted. */
export function isSettled(status: MigrationStatus): boolean {
  return (
    status.migrations.every(({ state }) => state === "applied" || state === "baselined") &&
    status.problems.every(({ severity }) => severity === "warning")
  );
}

function sayStatus(out: Channel, status: MigrationStatus, dir: string): void {
  if (status.migrations.length === 0) {
    out.line(`No migrations: ${dir} has no files, and the database no history.`);
    sayNext(out, 'ctb-data migrate create "first table"');
    return;
  }
  out.line(statusTable(out, status.migrations));
  for (const problem of status.problems) {
    const mark = problem.severity === "error" ? out.paint("red", "✗") : out.paint("yellow", "!");
    out.line(wrapText(`${mark} ${problem.message} ${problem.hint}`, out.columns, "  "));
  }
  for (const { state, error, name } of status.migrations) {
    if (state === "failed" && error !== undefined) {
      const where = error.line === undefined ? "" : ` at line ${error.line}`;
      const text = `${out.paint("red", "✗")} ${name} failed${where}: ${error.message}`;
      out.line(wrapText(text, out.columns, "  "));
    }
  }
  if (status.lock !== undefined) {
    const { pid, application, since } = status.lock;
    const when = since === null ? "" : ` since ${shortTime(since)} UTC`;
    out.line(`Somebody is migrating right now: process ${pid} (${application})${when}.`);
  }
  out.line();
  out.line(summary(status.migrations));
  const next = nextCommand(status);
  if (next !== undefined) {
    sayNext(out, next);
  }
}

/** The table of every migration, as `status` and the demo show it. */
function statusTable(out: Channel, migrations: readonly MigrationState[]): string {
  return renderTable(out, {
    columns: [
      { title: "version" },
      { title: "name", wraps: true },
      { title: "state" },
      { title: "applied (UTC)", dropOrder: 1 },
      { title: "ms", align: "right", dropOrder: 2 },
      { title: "by", dropOrder: 4 },
      { title: "down", dropOrder: 3 },
    ],
    rows: migrations.map((migration) => {
      const [version = "", ...name] = migration.name.split("_");
      const isIn = migration.state === "applied" || migration.state === "baselined";
      return [
        version,
        name.join("_"),
        stateCell(migration),
        isIn && migration.finishedAt !== undefined ? shortTime(migration.finishedAt) : "",
        migration.durationMs === undefined ? "" : String(Math.round(migration.durationMs)),
        migration.by ?? "",
        migration.hasDown ? "yes" : "no",
      ];
    }),
  });
}

const stateStyles: Readonly<Record<MigrationState["state"], Style>> = {
  applied: "green",
  baselined: "cyan",
  pending: "yellow",
  failed: "red",
  unfinished: "red",
};

const driftWords: Readonly<Record<string, string>> = {
  EDITED: "edited",
  RENAMED: "renamed",
  MISSING: "file missing",
  OUT_OF_ORDER: "out of order",
};

function stateCell({ state, problems, done, total }: MigrationState): TableCell {
  const drift = problems.flatMap(({ code }) => driftWords[code] ?? []);
  const progress =
    (state === "failed" || state === "unfinished") && done !== undefined && total !== undefined
      ? ` ${done}/${total}`
      : "";
  const text = [`${state}${progress}`, ...drift].join(", ");
  return { text, style: drift.length > 0 ? "red" : stateStyles[state] };
}

/** `2026-11-23 00:15`, which is all that a table has room for. */
function shortTime(iso: string): string {
  return iso.slice(0, 16).replace("T", " ");
}

function summary(migrations: readonly MigrationState[]): string {
  const counts = new Map<string, number>();
  for (const { state } of migrations) {
    counts.set(state, (counts.get(state) ?? 0) + 1);
  }
  const parts = [...counts].map(([state, count]) => `${count} ${state}`);
  return `${countOf(migrations.length, "migration")}: ${parts.join(", ")}.`;
}

function nextCommand({ migrations, problems, pending, lock }: MigrationStatus): string | undefined {
  if (lock !== undefined) {
    return "ctb-data migrate status";
  }
  if (migrations.some(({ state }) => state === "failed" || state === "unfinished")) {
    return "ctb-data migrate retry";
  }
  if (problems.some(({ severity }) => severity === "error")) {
    return "ctb-data migrate verify";
  }
  return pending > 0 ? "ctb-data migrate up" : undefined;
}
