import { BackupError } from "../backup-error.ts";
import { runProgram } from "./run-program.ts";

/** A pg_dump that can be run. */
export interface PgDump {
  readonly program: string;
  /** `15.18` */
  readonly version: string;
  readonly major: number;
}

/**
 * Asks a pg_dump for its version.
 *
 * @param program - A path or a name on the PATH. Default `pg_dump`.
 * @returns undefined when there is no such program, or when it is something else.
 */
export async function findPgDump(program = "pg_dump"): Promise<PgDump | undefined> {
  try {
    const { stdout, code } = await runProgram(program, ["--version"]);
    const version = /^pg_dump \(PostgreSQL\) (\d+)(\S*)/u.exec(stdout);
    if (code !== 0 || version?.[1] === undefined) return undefined;
    return { program, version: `${version[1]}${version[2] ?? ""}`, major: Number(version[1]) };
  } catch {
    return undefined;
  }
}

/** Whether it can read a server: it must not be older. `serverVersionNumber` is as in `180004`. */
export function canDump(pgDump: PgDump, serverVersionNumber: number): boolean {
  return pgDump.major >= Math.trunc(serverVersionNumber / 10_000);
}

/** The error for a pg_dump that is missing or older than the server. */
export function noPgDump(pgDump: PgDump | undefined, serverVersionNumber: number): BackupError {
  const major = Math.trunc(serverVersionNumber / 10_000);
  return new BackupError(
    "NOT_INSTALLED",
    pgDump === undefined
      ? "There is no pg_dump."
      : `pg_dump ${pgDump.version} cannot read a server of version ${major}: it is too old.`,
    {
      hint: `Install the client programs of PostgreSQL ${major} or newer and name its pg_dump, or let the schema be read from the catalog.`,
    },
  );
}
