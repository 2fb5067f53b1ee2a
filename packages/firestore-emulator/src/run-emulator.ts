import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { EmulatorError } from "./emulator-error.ts";
import type { EmulatorOptions } from "./emulator-options.ts";
import { startFirestoreEmulator, type FirestoreEmulator } from "./emulator.ts";

const help = `Usage: firestore-emulator [options]

A Firestore server. Client libraries use it when FIRESTORE_EMULATOR_HOST names it.

  --host HOST       the address to listen on (default 127.0.0.1)
  --port PORT       the port (default 8080; 0 takes any that is free)
  --data-dir DIR    keep the data there; without it everything is in memory only
  --indexes FILE    a firestore.indexes.json: refuse queries that lack an index
  --import FILE     first take in the documents of an NDJSON export
  --export FILE     write all documents to an NDJSON file when it is stopped
  --json            say where it listens as one line of JSON on stdout
  --help, --version

Example:
  firestore-emulator --port 8080 --data-dir .firestore
  FIRESTORE_EMULATOR_HOST=127.0.0.1:8080 node app.js

Exit codes: 0 stopped by Ctrl-C or SIGTERM, 1 failed, 2 wrong usage.
`;

const failed = 1;
const wrongUsage = 2;

/** The program: starts the server that the arguments ask for, until a signal stops it. Failures are said and set the exit code. */
export async function runEmulator(): Promise<void> {
  try {
    await serve();
  } catch (error) {
    fail(error);
  }
}

async function serve(): Promise<void> {
  const options = readArguments();
  if (options === undefined) return;
  const { json, importFile, exportFile, ...emulatorOptions } = options;
  const emulator = await startFirestoreEmulator({ ...emulatorOptions, onProblem: complain });
  try {
    if (importFile !== undefined) await emulator.importFrom(importFile);
  } catch (error) {
    await emulator.close();
    throw error;
  }
  process.stdout.write(json ? `${JSON.stringify(infoOf(emulator))}\n` : textOf(emulator));
  const stop = (): void => {
    end(emulator, exportFile).catch(fail);
  };
  // A second signal ends at once: `once` leaves it to the system.
  process.once("SIGINT", stop);
  process.once("SIGTERM", stop);
}

async function end(emulator: FirestoreEmulator, exportFile: string | undefined): Promise<void> {
  try {
    if (exportFile !== undefined) await emulator.exportTo(exportFile);
  } finally {
    await emulator.close();
  }
}

interface Arguments extends EmulatorOptions {
  readonly json: boolean;
  readonly importFile: string | undefined;
  readonly exportFile: string | undefined;
}

function readArguments(): Arguments | undefined {
  const { values } = parseArgs({
    options: {
      host: { type: "string", default: "127.0.0.1" },
      port: { type: "string", default: "8080" },
      "data-dir": { type: "string" },
      indexes: { type: "string" },
      import: { type: "string" },
      export: { type: "string" },
      json: { type: "boolean", default: false },
      help: { type: "boolean", short: "h", default: false },
      version: { type: "boolean", default: false },
    },
  });
  if (values.help || values.version) {
    process.stdout.write(values.help ? help : `${version()}\n`);
    return undefined;
  }
  return {
    host: values.host,
    port: portOf(values.port),
    dataDir: values["data-dir"],
    indexesFile: values.indexes,
    importFile: values.import,
    exportFile: values.export,
    json: values.json,
  };
}

function portOf(text: string): number {
  if (/^\d+$/u.test(text)) return Number(text);
  throw new EmulatorError("INVALID_OPTIONS", `--port is "${text}".`, {
    hint: "Pass a whole number from 0 to 65535.",
  });
}

function version(): string {
  const manifest = readFileSync(new URL("../package.json", import.meta.url), "utf8");
  return /"version": "([^"]+)"/u.exec(manifest)?.[1] ?? "unknown";
}

function infoOf({ host, port, address }: FirestoreEmulator): object {
  return { host, port, address, pid: process.pid };
}

function textOf({ address }: FirestoreEmulator): string {
  return `Firestore listens on ${address}. Ctrl-C stops it.\n\n  export FIRESTORE_EMULATOR_HOST=${address}\n`;
}

function complain(error: unknown): void {
  process.stderr.write(`warning: ${error instanceof Error ? error.message : String(error)}\n`);
}

function fail(error: unknown): void {
  const isUsage =
    error instanceof EmulatorError
      ? error.code === "INVALID_OPTIONS" || error.code === "INVALID_INDEXES"
      : error instanceof TypeError && "code" in error;
  const message = error instanceof Error ? error.message : String(error);
  const hint = error instanceof EmulatorError ? error.hint : isUsage ? "See --help." : undefined;
  process.stderr.write(`error: ${message}\n${hint === undefined ? "" : `hint: ${hint}\n`}`);
  process.exitCode = isUsage ? wrongUsage : failed;
}
