import { CliError } from "./cli-error.ts";
import { exitCode, type ExitCode } from "./exit-code.ts";
import { systemCode } from "./project/is-missing.ts";

/** A failure as people and programs are told about it. */
export interface Failure {
  readonly code: string;
  readonly message: string;
  readonly hint: string;
  readonly exitCode: ExitCode;
}

/** The exit code of every code that is not simply "it failed", of this program and of the packages. */
const exitCodeOfError: Readonly<Record<string, ExitCode>> = {
  // Wrong usage or configuration: nothing was touched.
  USAGE: exitCode.usage,
  INVALID_CONFIG: exitCode.usage,
  NOT_FOUND: exitCode.usage,
  NOT_A_FOLDER: exitCode.usage,
  INVALID_OPTIONS: exitCode.usage,
  INVALID_CREDENTIALS: exitCode.usage,
  UNKNOWN_COLLECTION: exitCode.usage,
  INVALID_NAME: exitCode.usage,
  INVALID_KEYRING: exitCode.usage,
  NO_KEYRING: exitCode.usage,
  NO_DIRECTORY: exitCode.usage,
  UNKNOWN_VERSION: exitCode.usage,
  INVALID_KEY: exitCode.usage,
  NO_RECIPIENT: exitCode.usage,
  NO_SIGNING_KEY: exitCode.usage,
  BACKUP_DISABLED: exitCode.usage,
  NO_SERVER: exitCode.usage,
  INVALID_OVERRIDE: exitCode.usage,
  // Files and history differ, or something was left half done.
  EDITED: exitCode.different,
  MISSING: exitCode.different,
  RENAMED: exitCode.different,
  UNFINISHED: exitCode.different,
  MISSING_TABLES: exitCode.different,
  // Refused for safety.
  CONFIRMATION_NEEDED: exitCode.refused,
  DECLINED: exitCode.refused,
  EMBEDDED_IN_PRODUCTION: exitCode.refused,
  FILE_EXISTS: exitCode.refused,
  ALREADY_EXISTS: exitCode.refused,
  OUT_OF_ORDER: exitCode.refused,
  GAP: exitCode.refused,
  WOULD_LOSE_DATA: exitCode.refused,
  NO_DOWN_FILE: exitCode.refused,
  IRREVERSIBLE: exitCode.refused,
  POOLED_HOST: exitCode.refused,
  REFUSED: exitCode.refused,
  NOT_EMPTY: exitCode.refused,
  NOT_COVERED: exitCode.refused,
  CONFLICT: exitCode.refused,
  // Somebody else is at work.
  LOCKED: exitCode.locked,
  DATA_FOLDER_IN_USE: exitCode.locked,
  RUN_UNDER_WAY: exitCode.locked,
  LEASE_LOST: exitCode.locked,
  INTERRUPTED: exitCode.interrupted,
  CANCELLED: exitCode.interrupted,
};

/** The hint of a failure that has none of its own. */
export const unknownHint = "Run it again with --verbose to see all that is known about it.";

/** What any thrown value means to the user. */
export function failureOf(error: unknown): Failure {
  const code = codeOf(error);
  if (error instanceof Error && code !== undefined) {
    const hint = "hint" in error && typeof error.hint === "string" ? error.hint : "";
    return {
      code,
      message: error.message,
      hint: hint === "" ? unknownHint : hint,
      exitCode: exitCodeOfError[code] ?? exitCode.failed,
    };
  }
  const system = systemCode(error);
  if (error instanceof Error && system !== undefined) {
    return {
      code: system,
      message: `${error.message.replace(/^[A-Z0-9]+: /u, "")}.`,
      hint: systemHints[system] ?? "The operating system refused it; the message says why.",
      exitCode: exitCode.failed,
    };
  }
  return {
    code: "UNEXPECTED",
    message: error instanceof Error ? error.message : String(error),
    hint: "This is a bug in ctb-data. Run it again with --verbose and report what it prints.",
    exitCode: exitCode.failed,
  };
}

/** The code that this program or one of the packages gave an error. Those of Node and of the system are not meant for people. */
function codeOf(error: unknown): string | undefined {
  if (!(error instanceof Error) || !("code" in error) || typeof error.code !== "string") {
    return undefined;
  }
  return systemCode(error) !== undefined || error.code.startsWith("ERR_") ? undefined : error.code;
}

/** The failure of a run that was stopped by a signal. */
export function interruption(): CliError {
  return new CliError("INTERRUPTED", "Interrupted.", {
    hint: "Run the same command again: it starts over, or goes on where this one stopped.",
  });
}

const systemHints: Readonly<Record<string, string>> = {
  EACCES: "Check who owns it and what its permissions are.",
  EPERM: "Check who owns it and what its permissions are.",
  EROFS: "The file system is read-only: run it in a folder that can be written to.",
  ENOSPC: "The disk is full: free some space and run it again.",
  EDQUOT: "The quota is used up: free some space and run it again.",
  ENOENT: "Check the path.",
  ENOTDIR: "A part of the path is a file, not a folder.",
  EISDIR: "It is a folder where a file is expected.",
  EMFILE: "Too many files are open: raise the limit (ulimit -n).",
};
