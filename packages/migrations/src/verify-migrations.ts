import type { Postgres } from "@ctb-data/postgres";
import { asMigrationErrors } from "./as-migration-errors.ts";
import { compareHistory } from "./compare-history.ts";
import { loadMigrations } from "./load-migrations.ts";
import { problemOf, type MigrationProblem } from "./migration-error.ts";
import type { MigrationFile } from "./migration-file.ts";
import { parseMigrationText } from "./parse-migration.ts";
import { planUp } from "./plan-up.ts";
import { readHistory } from "./read-history.ts";
import type { Verification } from "./run-options.ts";
import { loadSqlParser, type SqlParser } from "./sql-parser.ts";

/**
 * Checks files against history and touches nothing: applied files that were edited, renamed or are gone; numbers that
 * are doubled, missing or out of order; pending files and ways back that the runner could not run.
 *
 * @throws {MigrationError} NO_DIRECTORY, HISTORY_FAILED or DATABASE_FAILED. Everything that it finds is in the answer.
 */
export async function verifyMigrations(
  db: Postgres,
  { dir }: { readonly dir: string },
): Promise<Verification> {
  return await asMigrationErrors(async () => {
    const [loaded, history] = await Promise.all([loadMigrations(dir), readHistory(db)]);
    const plan = planUp(loaded.files, history);
    const pending = new Set(plan.pending);
    const parser = await loadSqlParser();
    const problems = [
      ...loaded.problems,
      ...(await compareHistory(loaded, history)),
      ...plan.problems,
      ...loaded.files.flatMap((file) => parseProblems(parser, file, pending.has(file))),
    ];
    return {
      ok: problems.every((problem) => problem.severity !== "error"),
      checked: loaded.files.length,
      problems,
    };
  });
}

/** An applied file need not be run again, but its way back may. */
function parseProblems(
  parser: SqlParser,
  file: MigrationFile,
  isPending: boolean,
): readonly MigrationProblem[] {
  const texts = [...(isPending ? [file] : []), ...(file.down ? [file.down] : [])];
  return texts.flatMap(({ text, file: name }) => {
    try {
      parseMigrationText(parser, text, name);
      return [];
    } catch (error) {
      return [problemOf(error, file.version)];
    }
  });
}
