import { EmulatorError } from "./emulator-error.ts";

export interface EmulatorOptions {
  /** The address to listen on. Default `127.0.0.1`: only this machine. There is no authentication. */
  readonly host?: string | undefined;
  /** The port; 0, the default, takes any that is free. */
  readonly port?: number | undefined;
  /** Where the data is kept; made if need be. Without it everything is in memory only, and gone at the end. */
  readonly dataDir?: string | undefined;
  /** The path of a `firestore.indexes.json`: queries that lack an index are then refused as the cloud refuses them. */
  readonly indexesFile?: string | undefined;
  /** The same as an object, in place of a file. */
  readonly indexes?: object | undefined;
  /** How long a request waits for the lock of a transaction before it is ABORTED, in milliseconds. Default 15,000. */
  readonly lockWaitMs?: number | undefined;
  /** How long a transaction may be without a request before it is ended, in milliseconds. Default 60,000. */
  readonly transactionIdleMs?: number | undefined;
  /** How long a transaction may take altogether, in milliseconds. Default 270,000. */
  readonly transactionTotalMs?: number | undefined;
  /** Is told of errors that are the server's own, and of a compaction that failed. Default: a warning of the process. */
  readonly onProblem?: ((error: unknown) => void) | undefined;
}

/** @throws {EmulatorError} INVALID_OPTIONS when a value cannot be. */
export function checkOptions(options: EmulatorOptions): void {
  const { port = 0 } = options;
  if (!Number.isInteger(port) || port < 0 || port > 65_535) {
    throw invalid("port", port, "a whole number from 0 to 65535");
  }
  for (const name of ["lockWaitMs", "transactionIdleMs", "transactionTotalMs"] as const) {
    const value = options[name];
    if (value !== undefined && !(value > 0 && value <= 2_147_483_647)) {
      throw invalid(name, value, "a number of milliseconds from 1 to 2147483647");
    }
  }
  if (options.indexes && options.indexesFile !== undefined) {
    throw new EmulatorError("INVALID_OPTIONS", "Both indexes and indexesFile are given.", {
      hint: "Pass one of them.",
    });
  }
}

function invalid(name: string, value: number, wanted: string): EmulatorError {
  return new EmulatorError("INVALID_OPTIONS", `The option ${name} is ${value}.`, {
    hint: `Pass ${wanted}.`,
  });
}
