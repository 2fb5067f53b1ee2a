import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { EmulatorOptions, FirestoreEmulator } from "@ctb-data/firestore-emulator";
import { CliError } from "../cli-error.ts";
import type { CommandContext } from "../command-context.ts";
import type { Settings } from "../config/settings.ts";
import { type DevRecord, readDevRecord } from "./dev-record.ts";
import { shownPath } from "./shown-path.ts";
import { makeStateFolder } from "./state-folder.ts";

/** The embedded Firestore of the project, while this process uses it. */
export interface EmbeddedFirestore extends AsyncDisposable {
  readonly host: string;
  readonly port: number;
  /** `host:port`. */
  readonly address: string;
  readonly dataDir: string;
}

/** How long a command waits for another one that uses the folder, and how often it looks. */
const patienceMs = 30_000;
const pollMs = 50;

/**
 * Starts the embedded Firestore of the project and holds its folder: for `ctb-data dev`.
 *
 * @throws {CliError} EMBEDDED_IN_PRODUCTION; LOCKED when another `ctb-data dev` holds the folder.
 */
export async function startProjectFirestore(
  context: CommandContext,
  settings: Settings,
  options: Pick<EmulatorOptions, "port" | "indexesFile"> = {},
): Promise<EmbeddedFirestore> {
  const stateDir = await stateFolder(context, settings);
  const wanted = (await readDevRecord(stateDir))?.firestorePort;
  const found = await start(context, stateDir, { ...options, wanted });
  if ("server" in found) {
    return found.server;
  }
  const { pid, postgresPort, address } = found.dev;
  const ports = [
    ...(postgresPort === undefined ? [] : [`PostgreSQL on port ${postgresPort}`]),
    `Firestore on port ${address.port}`,
  ];
  throw new CliError(
    "LOCKED",
    `ctb-data dev runs in this folder already: process ${pid}, ${ports.join(", ")}.`,
    { hint: `Use that one; commands find it by themselves. Or stop it first: kill ${pid}` },
  );
}

/**
 * The embedded Firestore of the project for one command: that of a `ctb-data dev` which runs there, or one that ends with
 * the command. Says which in one line on stderr.
 *
 * @throws {CliError} EMBEDDED_IN_PRODUCTION
 */
export async function joinProjectFirestore(
  context: CommandContext,
  settings: Settings,
): Promise<EmbeddedFirestore> {
  const stateDir = await stateFolder(context, settings);
  const found = await start(context, stateDir, {});
  const dataDir = dataDirOf(stateDir);
  const { err } = context.terminal;
  const whose = "dev" in found ? `, run by process ${found.dev.pid}` : "";
  err.line(
    err.paint(
      "dim",
      `Embedded Firestore in ${shownPath(dataDir)}${whose} (no FIREBASE_PROJECT_ID, no FIRESTORE_EMULATOR_HOST).`,
    ),
  );
  if ("server" in found) {
    return found.server;
  }
  const { host, port } = found.dev.address;
  return {
    host,
    port,
    address: `${host}:${port}`,
    dataDir,
    [Symbol.asyncDispose]: async () => undefined,
  };
}

async function stateFolder(context: CommandContext, settings: Settings): Promise<string> {
  if (settings.NODE_ENV === "production") {
    throw new CliError(
      "EMBEDDED_IN_PRODUCTION",
      "NODE_ENV is production and neither FIREBASE_PROJECT_ID nor FIRESTORE_EMULATOR_HOST is set: the embedded Firestore is for development only.",
      { hint: "Set FIREBASE_PROJECT_ID and a service account in the environment or in .env." },
    );
  }
  return await makeStateFolder(context, settings);
}

const dataDirOf = (stateDir: string): string => join(stateDir, "firestore");

type Found =
  | { readonly server: EmbeddedFirestore }
  /** A `ctb-data dev` that holds the folder. */
  | {
      readonly dev: DevRecord & {
        readonly address: { readonly host: string; readonly port: number };
      };
    };

interface StartOptions extends Pick<EmulatorOptions, "port" | "indexesFile"> {
  /** The port to take if it is free. */
  readonly wanted?: number | undefined;
}

/** Starts a server as soon as no other command holds the folder; one that `dev` holds is not waited for. */
async function start(
  { signal }: CommandContext,
  stateDir: string,
  options: StartOptions,
): Promise<Found> {
  const { readServerInfo } = await import("@ctb-data/firestore-emulator");
  const dataDir = dataDirOf(stateDir);
  const until = performance.now() + patienceMs;
  for (;;) {
    signal.throwIfAborted();
    const holder = readServerInfo(dataDir);
    const record = holder === undefined ? undefined : await readDevRecord(stateDir);
    if (holder !== undefined && holder.pid === record?.pid) {
      return { dev: { ...record, address: holder } };
    }
    try {
      return { server: embedded(await startOn(dataDir, options), dataDir) };
    } catch (error) {
      if (codeOf(error) !== "DATA_FOLDER_IN_USE" || performance.now() > until) {
        throw error;
      }
    }
    await sleep(pollMs, undefined, { signal });
  }
}

async function startOn(
  dataDir: string,
  { wanted, ...options }: StartOptions,
): Promise<FirestoreEmulator> {
  const { startFirestoreEmulator } = await import("@ctb-data/firestore-emulator");
  const { port, ...rest } = options;
  try {
    return await startFirestoreEmulator({ ...rest, dataDir, port: port ?? wanted });
  } catch (error) {
    if (port !== undefined || wanted === undefined || codeOf(error) !== "PORT_IN_USE") {
      throw error;
    }
    return await startFirestoreEmulator({ ...rest, dataDir });
  }
}

function embedded(server: FirestoreEmulator, dataDir: string): EmbeddedFirestore {
  const { host, port, address } = server;
  return {
    host,
    port,
    address,
    dataDir,
    [Symbol.asyncDispose]: async () => {
      await server.close();
    },
  };
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && "code" in error ? error.code : undefined;
}
