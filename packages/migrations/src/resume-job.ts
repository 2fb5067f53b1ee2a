import { randomUUID } from "node:crypto";
import type { LoadedMigrations } from "./load-migrations.ts";
import { MigrationError } from "./migration-error.ts";
import type { ParsedMigration } from "./migration-file.ts";
import type { MigrationJob } from "./migration-job.ts";
import { parseMigrationText } from "./parse-migration.ts";
import type { HistoryEntry } from "./read-history.ts";
import { statementChecksums } from "./run-step-by-step.ts";
import { loadSqlParser } from "./sql-parser.ts";

/**
 * The job of going on with a file that failed or was interrupted, behind the statements that are done.
 *
 * @throws {MigrationError} MISSING or RENAMED when its file is not there any more; EDITED when a statement that is
 * done was edited, and WRONG_STATE when the file has a transaction now.
 */
export async function resumeJob(
  { files, lonelyDowns }: LoadedMigrations,
  entry: HistoryEntry,
  { keepsRows }: { readonly keepsRows: boolean },
): Promise<MigrationJob> {
  const up = files.find((file) => file.version === entry.version);
  if (up && up.name !== entry.name) {
    throw new MigrationError("RENAMED", `${up.file} was tried under the name "${entry.name}".`, {
      file: up.file,
      version: entry.version,
      hint: "Give it back its name.",
    });
  }
  const lonely = [...lonelyDowns.values()].find((down) => nameIs(down.file, entry));
  const file = entry.direction === "up" ? up : (up?.down ?? lonely);
  if (!file) throw missing(entry);
  const parser = await loadSqlParser();
  const parsed = parseMigrationText(parser, file.text, file.file);
  await refuseEditedSteps(parsed, entry);
  const isUp = entry.direction === "up";
  return {
    run: randomUUID(),
    direction: entry.direction,
    version: entry.version,
    name: entry.name,
    parsed,
    checksum: isUp ? up?.checksum : (entry.checksum ?? undefined),
    tokenChecksum: isUp ? parsed.tokenChecksum : (entry.tokenChecksum ?? undefined),
    done: entry.done,
    leftover: { build: entry.build, unknownOutcome: entry.state === "running" },
    keepsRows,
    forced: [],
  };
}

function nameIs(file: string, { version, name }: HistoryEntry): boolean {
  return Number.parseInt(file, 10) === version && file.replace(/^\d+_/, "") === `${name}.down.sql`;
}

async function refuseEditedSteps(parsed: ParsedMigration, entry: HistoryEntry): Promise<void> {
  if (entry.done === 0) return;
  const { file, statements, header } = parsed;
  if (header.transaction) {
    throw new MigrationError(
      "WRONG_STATE",
      `${file}: ${entry.done} statements of it are done, and it has a transaction now.`,
      {
        file,
        version: entry.version,
        hint: 'Put "-- Transaction: none" back, or undo it: ctb-data migrate rollback.',
      },
    );
  }
  const now = await statementChecksums(statements);
  const edited = entry.statementChecksums.findIndex((checksum, at) => checksum !== now[at]);
  if (edited === -1) return;
  const line = statements[edited]?.line ?? 1;
  throw new MigrationError(
    "EDITED",
    `${file}:${line}: statement ${edited + 1} is done already, and was edited since.`,
    {
      file,
      line,
      version: entry.version,
      statement: edited + 1,
      hint: `Only statement ${entry.done + 1} and those behind it may be edited. Put the old text back, or undo it: ctb-data migrate rollback.`,
    },
  );
}

function missing({ version, name, direction }: HistoryEntry): MigrationError {
  const extension = direction === "up" ? "sql" : "down.sql";
  return new MigrationError(
    "MISSING",
    `The file of ${version} "${name}" is gone, and it is not finished.`,
    {
      version,
      hint: `Put NNN_${name}.${extension} back. Or give it up, with the schema as it is: ctb-data migrate rollback --force.`,
    },
  );
}
