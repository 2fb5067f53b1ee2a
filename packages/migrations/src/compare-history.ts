import { checksumOf } from "./checksum.ts";
import type { LoadedMigrations } from "./load-migrations.ts";
import type { MigrationProblem } from "./migration-error.ts";
import type { MigrationFile } from "./migration-file.ts";
import { isApplied, type History, type HistoryEntry } from "./read-history.ts";
import { loadSqlParser } from "./sql-parser.ts";

/** Where files and history disagree: applied files that were edited, renamed or are gone. All of it, by version. */
export async function compareHistory(
  loaded: LoadedMigrations,
  history: History,
): Promise<readonly MigrationProblem[]> {
  const files = new Map(loaded.files.map((file) => [file.version, file]));
  const problems: MigrationProblem[] = [];
  for (const entry of history.entries.values()) {
    const forgotten = entry.state === "forgotten";
    if (!forgotten && !isApplied(entry)) continue;
    const file = files.get(entry.version);
    if (!file) problems.push(...(forgotten ? [] : missing(entry, loaded, history)));
    else problems.push(...(await compareFile(file, entry)));
  }
  return problems;
}

/** The checksum that comments and white space do not change. */
export async function tokenChecksumOf(text: string): Promise<string> {
  const parser = await loadSqlParser();
  return parser.tokenChecksum(text) ?? checksumOf(text);
}

async function compareFile(
  file: MigrationFile,
  entry: HistoryEntry,
): Promise<readonly MigrationProblem[]> {
  const sameText = entry.checksum === null || file.checksum === entry.checksum;
  if (file.name !== entry.name) return [renamed(file, entry, sameText)];
  if (sameText) return [];
  const sameTokens = (await tokenChecksumOf(file.text)) === entry.tokenChecksum;
  const at = { version: file.version, file: file.file };
  const when = `since it was applied on ${entry.finishedAt}`;
  const repair = `ctb-data migrate repair ${file.number}`;
  if (sameTokens) {
    return [
      {
        ...at,
        severity: "warning",
        code: "COMMENTS_EDITED",
        message: `${file.file}: comments or white space were edited ${when}.`,
        hint: `Nothing to worry about; ${repair} accepts it.`,
      },
    ];
  }
  return [
    {
      ...at,
      severity: "error",
      code: "EDITED",
      message: `${file.file} was edited ${when}: the database has the old version.`,
      hint: `Put the old text back and write the change into a new migration; or, when the database agrees with the file: ${repair}.`,
    },
  ];
}

function renamed(file: MigrationFile, entry: HistoryEntry, sameText: boolean): MigrationProblem {
  const at = {
    severity: "error",
    code: "RENAMED",
    version: file.version,
    file: file.file,
  } as const;
  return sameText
    ? {
        ...at,
        message: `${file.file} was applied under the name "${entry.name}".`,
        hint: `Give it back its name, or accept the new one: ctb-data migrate repair ${file.number}.`,
      }
    : {
        ...at,
        message: `${file.number} was applied as "${entry.name}", and ${file.file} is another migration with the same number.`,
        hint: `Give ${file.file} a new number and put the file of "${entry.name}" back; or, when the database agrees with the file: ctb-data migrate repair ${file.number}.`,
      };
}

function missing(
  entry: HistoryEntry,
  { files, problems }: LoadedMigrations,
  history: History,
): readonly MigrationProblem[] {
  // It is there but cannot be read, which is said already.
  if (problems.some((problem) => problem.version === entry.version)) return [];
  const moved = files.find(
    (file) => file.checksum === entry.checksum && !isApplied(history.entries.get(file.version)),
  );
  const name = `${entry.version} "${entry.name}"`;
  return [
    {
      severity: "error",
      code: "MISSING",
      version: entry.version,
      message: moved
        ? `The file of ${name}, applied on ${entry.finishedAt}, is gone; ${moved.file} has the same text under another number.`
        : `The file of ${name}, applied on ${entry.finishedAt}, is gone.`,
      hint: moved
        ? `Give ${moved.file} its old number back.`
        : `Put the file back (git log --all -- '*_${entry.name}.sql'), or forget it: ctb-data migrate repair ${entry.version}.`,
    },
  ];
}
