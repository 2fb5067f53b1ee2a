import type { MigrationRun } from "@ctb-data/migrations";
import { countOf } from "../terminal/count-of.ts";
import type { Channel } from "../terminal/terminal.ts";

/** Says what a dry run found: each file, its statements, and what they lock or lose. */
export function sayPlan(channel: Channel, migrations: readonly MigrationRun[]): void {
  for (const migration of migrations) {
    const mode = migration.transaction ? "in one transaction" : "without a transaction";
    channel.line(
      `${channel.paint("bold", migration.file)} ${channel.paint("dim", `${countOf(migration.statements.length, "statement")}, ${mode}`)}`,
    );
    for (const statement of migration.statements) {
      const line = String(statement.line).padStart(5);
      const width = channel.columns ?? Number.MAX_SAFE_INTEGER;
      channel.line(`${channel.paint("dim", line)}  ${oneLine(statement.sql, width - 7)}`);
      for (const hazard of statement.hazards) {
        channel.line(`       ${channel.paint("yellow", "!")} ${hazard.message}`);
      }
    }
  }
}

function oneLine(sql: string, width: number): string {
  const text = sql.replaceAll(/\s+/gu, " ").trim();
  return text.length > width ? `${text.slice(0, Math.max(0, width - 1))}…` : text;
}
