import { inspect } from "node:util";
import type { Firestore as SdkFirestore, Settings } from "firebase-admin/firestore";
import type { CheckedAccount } from "./credentials.ts";
import { FirestoreError } from "./firestore-error.ts";
import type { Sdk } from "./sdk.ts";

/** Where the database is. */
export interface ClientTarget {
  readonly projectId: string;
  readonly databaseId: string;
  /** Of an emulator. */
  readonly emulator: { readonly host: string; readonly port: number } | undefined;
  /** Undefined for an emulator, and for Google's own machines, which have an account. */
  readonly account: CheckedAccount | undefined;
}

const streams = ["RunQuery", "BatchGetDocuments", "RunAggregationQuery"];

/**
 * The SDK tries streams again by itself, from the last document on. Below it google-gax (6.17) tries any error twice
 * more, whatever it says, which makes 7 seconds of each refused query; and that of its two ways which looks at the
 * error starts from the first document again. So neither of them.
 */
const noRetriesBelow = {
  gaxServerStreamingRetries: true,
  clientConfig: {
    interfaces: {
      "google.firestore.v1.Firestore": {
        retry_codes: { none: [] },
        methods: Object.fromEntries(
          streams.map((name) => [name, { retry_codes_name: "none", retry_params_name: "default" }]),
        ),
      },
    },
  },
};

/** Opens a client of the SDK. It connects with its first request. */
export function openClient(sdk: Sdk, target: ClientTarget): SdkFirestore {
  const { projectId, databaseId, account } = target;
  const client = new sdk.Firestore({
    projectId,
    databaseId,
    useBigInt: true,
    preferRest: false,
    ...noRetriesBelow,
    ...(account && {
      credentials: { client_email: account.clientEmail, private_key: account.privateKey() },
    }),
    ...emulatorSettings(target),
  });
  keepTarget(client, target);
  hideSettings(client, target);
  return client;
}

/** References in documents hold the client, and the client the key: printing a document must not show it. */
function hideSettings(client: SdkFirestore, { projectId, databaseId }: ClientTarget): void {
  Object.defineProperty(client, inspect.custom, {
    value: () => `Firestore ${projectId}/${databaseId}`,
  });
}

function emulatorSettings({ emulator }: ClientTarget): Settings {
  if (emulator === undefined) return {};
  return {
    host: `${bracketed(emulator.host)}:${emulator.port}`,
    // With this the SDK sends the emulator's credentials, `Bearer owner`.
    ssl: false,
    // Otherwise google-gax asks for the machine's own account first, for seconds where there is none.
    clientOptions: { universeDomain: "googleapis.com" },
  };
}

const bracketed = (host: string): string => (host.includes(":") ? `[${host}]` : host);

/**
 * @google-cloud/firestore (9.4.1) lets FIRESTORE_EMULATOR_HOST win over whatever it is given. Options win here: they
 * may name another emulator, or the real database while the variable is set.
 */
function keepTarget(client: SdkFirestore, { emulator }: ClientTarget): void {
  const settings: unknown = Reflect.get(client, "_settings");
  if (typeof settings !== "object" || settings === null) throw changedSdk();
  const wanted = {
    servicePath: emulator && bracketed(emulator.host),
    port: emulator?.port,
    ssl: emulator && false,
  };
  for (const [name, value] of Object.entries(wanted)) {
    if (Reflect.get(settings, name) === value) continue;
    if (value === undefined) Reflect.deleteProperty(settings, name);
    else Reflect.set(settings, name, value);
  }
}

function changedSdk(): FirestoreError {
  return new FirestoreError(
    "UNSUPPORTED",
    "This version of @google-cloud/firestore keeps its settings elsewhere.",
    { hint: "Use the version that firebase-admin 14 brings." },
  );
}
