import { closeSync, constants, type Dirent, fstatSync, openSync, readFileSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { checksumOf } from "./checksum.ts";
import { decodeSql } from "./decode-sql.ts";
import { MigrationError, type MigrationProblem } from "./migration-error.ts";
import type { DownFile, MigrationFile } from "./migration-file.ts";

/** What a folder has. */
export interface LoadedMigrations {
  readonly dir: string;
  /** By version. A file that cannot be read is left out; of two with one number the first is there. */
  readonly files: readonly MigrationFile[];
  /** Down files without an up file, by the name that the up file would have: `002_add_blueprints`. */
  readonly lonelyDowns: ReadonlyMap<string, DownFile>;
  readonly problems: readonly MigrationProblem[];
}

/** Migrations are read by people; a grammar tree of this one would take gigabytes. */
const maxFileBytes = 32 * 1024 * 1024;
/** Windows has no such flag. */
const nonBlocking = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0);

const namePattern = /^(\d{1,15})_([^.\p{C}]+)(\.down)?\.sql$/u;

/**
 * Reads every `NNN_name.sql` and `NNN_name.down.sql` of a folder, not the folders in it. Nothing is parsed yet. Problems of single files
 * are returned, all of them. Files that do not end in `.sql`, and hidden ones, are nobody's business.
 *
 * @throws {MigrationError} NO_DIRECTORY when the folder is not there or cannot be read.
 */
export async function loadMigrations(dir: string): Promise<LoadedMigrations> {
  const entries = await readFolder(dir);
  const problems: MigrationProblem[] = [];
  const names = entries.flatMap((entry) => {
    const name = parseFileName(entry.name);
    const problem = name ? undefined : nameProblem(entry);
    if (problem) problems.push(problem);
    return name ? [name] : [];
  });
  const read = names.map((name) => readFileOf(dir, name));
  const downs = new Map<string, DownFile>();
  const ups: MigrationFile[] = [];
  for (const result of read) {
    if ("problem" in result) problems.push(result.problem);
    else if (result.name.down)
      downs.set(result.name.base, { file: result.name.file, text: result.text });
    else ups.push(upFile(result.name, result.text));
  }
  const files = ups
    .map((up) => withDown(up, downs))
    .toSorted((a, b) => a.version - b.version || (a.file < b.file ? -1 : 1));
  const ownNames = new Set(names.flatMap((name) => (name.down ? [] : [name.base])));
  const lonely = [...downs].filter(([base]) => !ownNames.has(base));
  problems.push(...duplicates(files), ...lonely.map(([, down]) => lonelyDown(down)));
  return {
    dir,
    files: files.filter((file, at) => file.version !== files[at - 1]?.version),
    lonelyDowns: downs,
    problems,
  };
}

/**
 * @throws {MigrationError} the first problem that is an error, with all of them in `problems`.
 */
export function refuseProblems(problems: readonly MigrationProblem[]): void {
  const errors = problems.filter((problem) => problem.severity === "error");
  const [first] = errors;
  if (!first) return;
  const { code, hint, version, file, line } = first;
  const message = errors.map((problem) => problem.message).join("\n");
  throw new MigrationError(code, message, { hint, version, file, line, problems });
}

interface FileName {
  readonly file: string;
  /** Without `.sql` and `.down`. */
  readonly base: string;
  readonly number: string;
  readonly name: string;
  readonly down: boolean;
}

function parseFileName(file: string): FileName | undefined {
  // macOS may hand out decomposed names for the same file.
  const match = namePattern.exec(file.normalize("NFC"));
  const [, number = "", name = "", down] = match ?? [];
  return match
    ? { file, base: `${number}_${name}`, number, name, down: down !== undefined }
    : undefined;
}

async function readFolder(dir: string): Promise<readonly Dirent[]> {
  try {
    const entries = await readdir(dir, { withFileTypes: true });
    return entries.toSorted((a, b) => (a.name < b.name ? -1 : 1));
  } catch (cause) {
    throw new MigrationError(
      "NO_DIRECTORY",
      `The folder of migrations ${dir} cannot be read (${reasonOf(cause)}).`,
      {
        cause,
        hint: "Name the right one with --migrations or MIGRATIONS_DIR, or make it with ctb-data init.",
      },
    );
  }
}

type ReadFile =
  | { readonly name: FileName; readonly text: string }
  | { readonly problem: MigrationProblem };

/** Not in the background: 500 small files take 4 ms like this, and 40 ms with a thread for each step. */
function readFileOf(dir: string, name: FileName): ReadFile {
  const { file } = name;
  const unreadable = (message: string, hint: string): ReadFile => ({
    problem: {
      severity: "error",
      code: "UNREADABLE_FILE",
      message: `${file} ${message}.`,
      hint,
      file,
      version: Number(name.number),
    },
  });
  let descriptor: number | undefined;
  try {
    // Not blocking: a FIFO without a writer would wait for ever.
    descriptor = openSync(join(dir, file), nonBlocking);
    const stat = fstatSync(descriptor);
    if (!stat.isFile()) return unreadable("is not a regular file", "Move it out of the folder.");
    if (stat.size > maxFileBytes) {
      return unreadable(
        "is larger than 32 MiB",
        "Load data with COPY after migrating; a migration is for the schema.",
      );
    }
    return { name, text: decodeSql(readFileSync(descriptor), file) };
  } catch (error) {
    if (!(error instanceof MigrationError)) {
      return unreadable(
        `cannot be read (${reasonOf(error)})`,
        "Check its permissions, or where its link points.",
      );
    }
    const { code, message, hint = "", line } = error;
    return {
      problem: { severity: "error", code, message, hint, file, line, version: Number(name.number) },
    };
  } finally {
    if (descriptor !== undefined) closeSync(descriptor);
  }
}

function upFile({ file, number, name }: FileName, text: string): MigrationFile {
  return { version: Number(number), number, name, file, text, checksum: checksumOf(text) };
}

function withDown(up: MigrationFile, downs: Map<string, DownFile>): MigrationFile {
  const base = `${up.number}_${up.name}`;
  const down = downs.get(base);
  downs.delete(base);
  return down ? { ...up, down } : up;
}

function nameProblem(entry: Dirent): MigrationProblem | undefined {
  const { name: file } = entry;
  if (!/\.sql$/i.test(file) || file.startsWith(".") || entry.isDirectory()) return undefined;
  const numbered = /^\d/.test(file);
  return {
    severity: numbered ? "error" : "warning",
    code: "INVALID_FILE_NAME",
    message: `${JSON.stringify(file)} is not named like a migration${numbered ? "" : ", and is left out"}.`,
    hint: "Migrations are named 001_what_it_does.sql, and their way back 001_what_it_does.down.sql.",
    file,
  };
}

function duplicates(files: readonly MigrationFile[]): readonly MigrationProblem[] {
  return files.flatMap((file, at) => {
    const before = files[at - 1];
    if (file.version !== before?.version) return [];
    return [
      {
        severity: "error",
        code: "DUPLICATE_VERSION",
        message: `${before.file} and ${file.file} have one number.`,
        hint: `Give the newer one the next free number: ${String(nextNumber(files)).padStart(file.number.length, "0")}.`,
        version: file.version,
        file: file.file,
      } as const,
    ];
  });
}

function nextNumber(files: readonly MigrationFile[]): number {
  return (files.at(-1)?.version ?? 0) + 1;
}

function lonelyDown({ file }: DownFile): MigrationProblem {
  return {
    severity: "warning",
    code: "INVALID_FILE_NAME",
    message: `${file} has no ${file.replace(/\.down\.sql$/, ".sql")} beside it.`,
    hint: "A way back is found by its name: rename it together with its migration.",
    file,
  };
}

function reasonOf(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : String(error);
}
