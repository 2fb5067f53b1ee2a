import { checkListening } from "./check-listening.ts";
import { openClient, type ClientTarget } from "./client-settings.ts";
import { readCredentials, type CheckedAccount } from "./credentials.ts";
import { defaultAccount } from "./default-account.ts";
import { FirestoreContext } from "./firestore-context.ts";
import { FirestoreError } from "./firestore-error.ts";
import type { AnyDocuments, DocumentsByName, Firestore, FirestoreOptions } from "./firestore.ts";
import { askTime } from "./health.ts";
import { OpenedFirestore } from "./opened-firestore.ts";
import { loadSdk } from "./sdk.ts";
import { shownText } from "./shown-text.ts";

const defaultConnectTimeoutMs = 10_000;

/**
 * Opens one database and checks that it answers. `Documents` are the generated `FirestoreCollections`.
 *
 * @throws {FirestoreError} INVALID_OPTIONS, INVALID_CREDENTIALS, CONNECTION_FAILED, TIMEOUT, AUTHENTICATION_FAILED,
 * PERMISSION_DENIED or DATABASE_NOT_FOUND.
 */
export async function openFirestore<Documents extends DocumentsByName<Documents> = AnyDocuments>(
  options: FirestoreOptions,
): Promise<Firestore<Documents>> {
  const { connectTimeoutMs = defaultConnectTimeoutMs, timeoutMs = 60_000, signal } = options;
  checkMillis("timeoutMs", timeoutMs);
  checkMillis("connectTimeoutMs", connectTimeoutMs);
  const target = await targetOf(options);
  const sdk = await loadSdk();
  const { reading = "strict", onMismatch } = options;
  const context = new FirestoreContext({
    sdk,
    client: openClient(sdk, target),
    registry: options.registry,
    keyring: options.keyring,
    reading: { reading, ...(onMismatch && { onMismatch }) },
    timeoutMs,
    description: describe(target),
  });
  const opened: unknown = new OpenedFirestore(context, target);
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the types of documents are known to the compiler only
  const firestore = opened as Firestore<Documents>;
  if (connectTimeoutMs > 0) {
    await checkAnswer(firestore, context, { connectTimeoutMs, signal, emulator: target.emulator });
  }
  return firestore;
}

async function checkAnswer(
  firestore: { close(options: { readonly graceMs: number }): Promise<void> },
  context: FirestoreContext,
  limits: {
    readonly connectTimeoutMs: number;
    readonly signal: AbortSignal | undefined;
    readonly emulator: ClientTarget["emulator"];
  },
): Promise<void> {
  try {
    if (limits.emulator) {
      await checkListening(limits.emulator, context.description, {
        timeoutMs: limits.connectTimeoutMs,
        signal: limits.signal,
      });
    }
    await askTime(context, { timeoutMs: limits.connectTimeoutMs, signal: limits.signal });
  } catch (error) {
    await firestore.close({ graceMs: 0 });
    if (!(error instanceof FirestoreError) || error.code !== "TIMEOUT") throw error;
    throw new FirestoreError(
      "CONNECTION_FAILED",
      `${context.description} did not answer within ${limits.connectTimeoutMs} ms.`,
      { hint: "Is the server running, and does nothing stand between?", cause: error },
    );
  }
}

function checkMillis(name: string, value: number): void {
  if (Number.isFinite(value) && value >= 0) return;
  throw new FirestoreError("INVALID_OPTIONS", `${name} must be a number from 0 on.`);
}

async function targetOf(options: FirestoreOptions): Promise<ClientTarget> {
  const databaseId = options.databaseId ?? "(default)";
  if (!/^(?:\(default\)|[a-z][a-z0-9-]{2,61}[a-z0-9])$/.test(databaseId)) {
    throw new FirestoreError(
      "INVALID_OPTIONS",
      `${shownText(databaseId)} cannot be the id of a database.`,
      {
        hint: "It is (default), or 4 to 63 lower-case letters, digits and hyphens.",
      },
    );
  }
  // An empty variable is one that was not given.
  const emulatorHost = options.emulatorHost || undefined;
  const account = emulatorHost === undefined ? await accountOf(options) : undefined;
  const projectId = options.projectId || account?.projectId;
  if (projectId === undefined) {
    throw new FirestoreError("INVALID_OPTIONS", "No project was given.", {
      hint: "Give projectId (FIREBASE_PROJECT_ID), or a service-account file that has one.",
    });
  }
  if (!/^[A-Za-z0-9][\w.:-]*$/.test(projectId)) {
    throw new FirestoreError(
      "INVALID_OPTIONS",
      `${shownText(projectId)} cannot be the id of a project.`,
      {
        hint: "It is not the project's name or number.",
      },
    );
  }
  const emulator = emulatorHost === undefined ? undefined : parseHost(emulatorHost);
  return { projectId, databaseId, emulator, account };
}

async function accountOf({
  credentials,
  connectTimeoutMs = defaultConnectTimeoutMs,
  signal,
}: FirestoreOptions): Promise<CheckedAccount | undefined> {
  if (credentials === undefined || credentials === "") {
    throw new FirestoreError("INVALID_OPTIONS", "Neither credentials nor an emulator was given.", {
      hint: "Give the path of a service-account file (FIREBASE_PRIVATE_KEY_PATH), or emulatorHost (FIRESTORE_EMULATOR_HOST).",
    });
  }
  if (credentials === "application-default")
    return await defaultAccount({ timeoutMs: connectTimeoutMs || defaultConnectTimeoutMs, signal });
  return await readCredentials(credentials);
}

function parseHost(text: string): { readonly host: string; readonly port: number } {
  const match = /^(?:\[(?<v6>[\da-fA-F:.]+)\]|(?<name>[\w.-]+)):(?<port>\d{1,5})$/.exec(text);
  const host = match?.groups?.["v6"] ?? match?.groups?.["name"];
  const port = Number(match?.groups?.["port"]);
  if (host !== undefined && port > 0 && port < 65_536) return { host, port };
  throw new FirestoreError(
    "INVALID_OPTIONS",
    `${shownText(text)} is not the address of an emulator.`,
    {
      hint: "Write host:port, as in 127.0.0.1:8080, without http://.",
    },
  );
}

function describe({ projectId, databaseId, emulator }: ClientTarget): string {
  const database = databaseId === "(default)" ? projectId : `${projectId}/${databaseId}`;
  return emulator === undefined
    ? `Firestore ${database}`
    : `Firestore ${database} on the emulator ${emulator.host}:${emulator.port}`;
}
