import { readFile } from "node:fs/promises";
import { EmulatorError } from "./emulator-error.ts";
import { checkOptions, type EmulatorOptions } from "./emulator-options.ts";
import { Engine } from "./engine.ts";
import { IndexPolicy } from "./index-check/index-policy.ts";
import type { IndexSet } from "./index-check/index-set.ts";
import { readIndexes } from "./index-check/read-indexes.ts";
import { exportNdjson } from "./persistence/export-ndjson.ts";
import { importNdjson } from "./persistence/import-ndjson.ts";
import { openJournal, type Journal } from "./persistence/journal.ts";
import { httpHandler } from "./server/http-handler.ts";
import { http1Connections, ListeningSocket } from "./server/listening-socket.ts";
import { openGrpc } from "./server/open-grpc.ts";
import { serviceHandlers } from "./server/service-handlers.ts";
import { Clock } from "./store/clock.ts";
import { Databases } from "./store/databases.ts";

/** A running server. */
export interface FirestoreEmulator extends AsyncDisposable {
  readonly host: string;
  readonly port: number;
  /** `host:port`, the value for FIRESTORE_EMULATOR_HOST. */
  readonly address: string;
  /** Deletes all documents of a database. @param database such as `projects/p/databases/(default)`. */
  clear(database: string): Promise<void>;
  /**
   * Writes all databases, or the named ones, to a file: one line of JSON for each document, all at one time.
   *
   * @throws {EmulatorError} EXPORT_FAILED
   */
  exportTo(file: string, databases?: readonly string[]): Promise<{ readonly documents: number }>;
  /**
   * Writes the documents of such a file over those that are there.
   *
   * @param into the database that takes the place of the one in the file; references follow.
   * @throws {EmulatorError} IMPORT_FAILED, with the line.
   */
  importFrom(file: string, into?: string): Promise<{ readonly documents: number }>;
  /** The indexes that are there and those that queries of the database lacked, as a `firestore.indexes.json`. */
  neededIndexes(database: string): string;
  /** Cuts all connections, has everything on disk and ends. */
  close(): Promise<void>;
}

/**
 * Starts a Firestore server in this process. Client libraries find it by FIRESTORE_EMULATOR_HOST.
 *
 * @throws {EmulatorError} INVALID_OPTIONS, INVALID_INDEXES, PORT_IN_USE; with `dataDir` also DATA_FOLDER_IN_USE,
 * DATA_FOLDER_UNUSABLE, DATA_CORRUPT and RESOURCES_EXHAUSTED.
 */
export async function startFirestoreEmulator(
  options: EmulatorOptions = {},
): Promise<FirestoreEmulator> {
  checkOptions(options);
  const { host = "127.0.0.1", port = 0, dataDir, onProblem = warn } = options;
  const indexes = new IndexPolicy(await givenIndexes(options));
  const databases = new Databases(new Clock());
  const journal =
    dataDir === undefined ? undefined : await openJournal({ dataDir, databases, onProblem });
  const engine = new Engine({
    databases,
    log: journal,
    waits: { lockMs: options.lockWaitMs ?? 15_000, patienceMs: 250, courtesyMs: 30 },
    idleMs: options.transactionIdleMs ?? 60_000,
    totalMs: options.transactionTotalMs ?? 270_000,
  });
  const handlers = serviceHandlers(engine, indexes, onProblem);
  const grpc = openGrpc({ handlers, onProblem });
  const clear = async (database: string): Promise<void> => {
    await engine.clear(database);
  };
  const neededIndexes = (database: string): string => indexes.needed(database);
  try {
    const http1 = http1Connections(httpHandler({ clear, neededIndexes, handlers, onProblem }));
    const socket = await ListeningSocket.open(host, port, { http2: grpc.accept, http1 });
    journal?.publishAddress({ host, port: socket.port });
    const close = closing({ engine, grpc, socket, journal });
    return {
      host,
      port: socket.port,
      address: `${host.includes(":") ? `[${host}]` : host}:${socket.port}`,
      clear,
      neededIndexes,
      exportTo: async (file, names) =>
        await exportNdjson({
          databases: names?.map((name) => databases.get(name)) ?? databases.all(),
          to: file,
        }),
      importFrom: async (file, into) =>
        await importNdjson({ from: file, target: engine, ...(into !== undefined && { into }) }),
      close,
      [Symbol.asyncDispose]: close,
    };
  } catch (error) {
    await journal?.close();
    throw error;
  }
}

/** Ends all parts, once. */
function closing(parts: {
  readonly engine: Engine;
  readonly grpc: { close(): void };
  readonly socket: ListeningSocket;
  readonly journal: Journal | undefined;
}): () => Promise<void> {
  let closed: Promise<void> | undefined;
  const close = async (): Promise<void> => {
    parts.engine.close();
    parts.grpc.close();
    await parts.socket.close();
    await parts.journal?.close();
  };
  return async () => {
    closed ??= close();
    await closed;
  };
}

async function givenIndexes({
  indexes,
  indexesFile,
}: EmulatorOptions): Promise<IndexSet | undefined> {
  if (indexes) return readIndexes(indexes, "indexes");
  if (indexesFile === undefined) return undefined;
  return readIndexes(await readText(indexesFile), indexesFile);
}

async function readText(file: string): Promise<string> {
  try {
    return await readFile(file, "utf8");
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    throw new EmulatorError("INVALID_OPTIONS", `The file of indexes cannot be read: ${message}`, {
      hint: "Name a firestore.indexes.json, or leave the option out.",
      cause: error,
      file,
    });
  }
}

function warn(error: unknown): void {
  process.emitWarning(error instanceof Error ? error : String(error));
}
