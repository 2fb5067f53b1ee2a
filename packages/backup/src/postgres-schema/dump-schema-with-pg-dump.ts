import { isPooledHost } from "@ctb-data/postgres";
import { BackupError } from "../backup-error.ts";
import { canDump, noPgDump, type PgDump } from "./find-pg-dump.ts";
import { libpqEnvironment } from "./libpq-environment.ts";
import { type ProgramResult, runProgram } from "./run-program.ts";

export interface PgDumpOptions {
  readonly pgDump: PgDump;
  /** Of the server itself, not of a pooler. Its password is given to pg_dump in a variable. */
  readonly url: string;
  /** `180004` */
  readonly serverVersionNumber: number;
  /** Of `pg_export_snapshot()`, in a transaction that is still open. */
  readonly snapshotId: string;
  readonly section: "pre-data" | "post-data";
  readonly signal?: AbortSignal | undefined;
}

/** One section of a schema, as pg_dump wrote it. */
export interface PgDumpText {
  /** SQL without commands of psql. Owners, privileges and tablespaces are left out. */
  readonly sql: string;
  /** What pg_dump said on stderr. */
  readonly warnings: readonly string[];
}

const endLine = "-- PostgreSQL database dump complete";

/**
 * The schema as pg_dump writes it, on a snapshot.
 *
 * @throws {BackupError} NOT_INSTALLED when it is older than the server; POOLED_HOST, because pg_dump's settings would leak into
 * the sessions of others; DATABASE_FAILED when it ends with anything but 0 or its text does not have its last line; CANCELLED.
 */
export async function dumpSchemaWithPgDump(options: PgDumpOptions): Promise<PgDumpText> {
  const { pgDump, url, serverVersionNumber, signal } = options;
  if (!canDump(pgDump, serverVersionNumber)) throw noPgDump(pgDump, serverVersionNumber);
  const { pooled, directHost } = isPooledHost(url);
  if (pooled) {
    throw new BackupError("POOLED_HOST", "pg_dump cannot work through a transaction pooler.", {
      hint: `Use the direct host, ${directHost}.`,
    });
  }
  const environment = { ...libpqEnvironment(url), PGCLIENTENCODING: "UTF8" };
  let result: ProgramResult;
  try {
    result = await runProgram(pgDump.program, argumentsOf(options), { environment, signal });
  } catch (cause) {
    if (signal?.aborted === true)
      throw new BackupError("CANCELLED", "pg_dump was stopped.", { cause });
    throw new BackupError("NOT_INSTALLED", `pg_dump could not be run: ${textOf(cause)}.`, {
      cause,
    });
  }
  const sql = withoutPsqlCommands(result.stdout);
  checkEnd(result, sql, options);
  return { sql, warnings: linesOf(result.stderr) };
}

function argumentsOf({ section, snapshotId }: PgDumpOptions): string[] {
  return [
    "--schema-only",
    "--no-owner",
    "--no-privileges",
    "--no-tablespaces",
    "--no-password",
    // A migration that waits for our locks must not make us wait for it.
    "--lock-wait-timeout=10s",
    "--encoding=UTF8",
    `--section=${section}`,
    `--snapshot=${snapshotId}`,
  ];
}

/** An end of the output is no proof: only the exit code and the last line together are. */
function checkEnd(
  { code, endedBy, stderr }: ProgramResult,
  sql: string,
  { pgDump, section }: PgDumpOptions,
): void {
  const complete = sql.trimEnd().endsWith(`\n${endLine}\n--`);
  if (code === 0 && complete) return;
  const how =
    endedBy === null
      ? code === 0
        ? "ended before its text was complete"
        : `ended with code ${code}`
      : `was ended by ${endedBy}`;
  const said = linesOf(stderr).slice(-5).join(" ");
  throw new BackupError(
    "DATABASE_FAILED",
    `pg_dump ${pgDump.version} ${how} while it wrote ${section}${said === "" ? "." : `: ${said}`}`,
    { hint: "Try again, or let the schema be read from the catalog." },
  );
}

/**
 * Since 15.14 and its siblings pg_dump puts the text between `\restrict KEY` and `\unrestrict KEY`, which only a psql of
 * that age knows. Nothing else is taken out: a line like these may stand in the body of a function.
 */
export function withoutPsqlCommands(text: string): string {
  const start = /^(?:--[^\n]*\n|\n)*\\restrict (\S+)\n/u.exec(text);
  if (start?.[1] === undefined) return text;
  const body = text.replace(`\\restrict ${start[1]}\n`, "");
  const end = body.lastIndexOf(`\n\\unrestrict ${start[1]}\n`);
  return end < 0 ? body : `${body.slice(0, end).trimEnd()}\n`;
}

function linesOf(text: string): string[] {
  return text.split("\n").filter((line) => line.trim() !== "");
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
