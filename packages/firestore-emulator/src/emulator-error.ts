/** What went wrong, for a program to act on. */
export type EmulatorErrorCode =
  /** An option or an argument is wrong; nothing was done. */
  | "INVALID_OPTIONS"
  /** A `firestore.indexes.json` is not right; nothing was done. The message says what and where. */
  | "INVALID_INDEXES"
  /** The port that was asked for is taken. */
  | "PORT_IN_USE"
  /** The data folder cannot be used: something else lies in it, another version made it, it cannot be written. */
  | "DATA_FOLDER_UNUSABLE"
  /** Another living process, or this one, uses the data folder. */
  | "DATA_FOLDER_IN_USE"
  /** A file of the data folder is not as it was written. Nothing was changed. */
  | "DATA_CORRUPT"
  /** The disk is full. What was asked for was not done; the server goes on. */
  | "RESOURCES_EXHAUSTED"
  /** The disk did not keep what was written, or the data folder is gone: nothing more is accepted. */
  | "PERSISTENCE_FAILED"
  /** An export was given up. An older file in its place is untouched. */
  | "EXPORT_FAILED"
  /** A file to import is not right, or was refused. The batches before that line are in. */
  | "IMPORT_FAILED"
  /** `close()` was called before. */
  | "CLOSED";

/** Where and why, as far as it is known. */
export interface EmulatorErrorDetails {
  /** What to do about it. */
  readonly hint?: string | undefined;
  readonly cause?: unknown;
  readonly file?: string | undefined;
  /** The place in the file, in bytes from 0. */
  readonly offset?: number | undefined;
  /** The line of the file, from 1. */
  readonly line?: number | undefined;
}

/** The one error that this package throws at those who start it. Clients are told an `RpcError`. */
export class EmulatorError extends Error {
  override readonly name = "EmulatorError";
  readonly code: EmulatorErrorCode;
  declare readonly hint?: string;
  declare readonly file?: string;
  declare readonly offset?: number;
  declare readonly line?: number;

  constructor(code: EmulatorErrorCode, message: string, details: EmulatorErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.code = code;
    if (details.hint !== undefined) this.hint = details.hint;
    if (details.file !== undefined) this.file = details.file;
    if (details.offset !== undefined) this.offset = details.offset;
    if (details.line !== undefined) this.line = details.line;
  }
}
