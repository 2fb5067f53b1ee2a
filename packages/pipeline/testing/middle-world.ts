import { randomUUID } from "node:crypto";
import { openFirestore, type Firestore, type RawWrite } from "@ctb-data/firestore";
import { startFirestoreEmulator } from "@ctb-data/firestore-emulator";
import { parseKeyring, type Keyring } from "@ctb-data/models";
import { openPostgres, schemaSql, type Postgres } from "@ctb-data/postgres";
import { createTestDatabase } from "@ctb-data/postgres/testing";
import type { Registry } from "@ctb-data/registry";
import type { BothStores } from "../src/work-options.ts";
import type { DocumentFields } from "./member-documents.ts";
import { middleRegistry } from "./middle-registry.ts";

/** The same for all worlds of a test, so that they can have the same ciphertexts. */
export const testKey: string = Buffer.alloc(32, "a key for tests").toString("base64");

/** Both stores of the members' registry, empty. */
export interface MiddleWorld extends AsyncDisposable {
  readonly stores: BothStores;
  readonly registry: Registry;
  readonly keyring: Keyring;
  readonly postgres: Postgres;
  readonly firestore: Firestore;
  readonly url: string;
  readonly firestoreHost: string;
  readonly project: string;
  put(collection: string, documents: Iterable<DocumentFields>): Promise<void>;
}

/** A Firestore server: that of the tests' environment, or one in this process. */
export async function startTestFirestore(): Promise<
  { readonly address: string } & AsyncDisposable
> {
  const outside = process.env["FIRESTORE_EMULATOR_HOST"] ?? "";
  if (outside !== "") return { address: outside, [Symbol.asyncDispose]: async () => undefined };
  return await startFirestoreEmulator({ port: 0 });
}

/** @param firestoreHost of a server that is there; else one is started. */
export async function openMiddleWorld(firestoreHost?: string): Promise<MiddleWorld> {
  const registry = middleRegistry();
  const keyring = parseKeyring(testKey);
  await using opening = new AsyncDisposableStack();
  const { url } = opening.use(await createTestDatabase());
  const postgres = opening.use(await openPostgres({ url, registry, keyring }));
  await postgres.query(schemaSql(registry));
  const host = firestoreHost ?? opening.use(await startTestFirestore()).address;
  const project = `middle-${randomUUID().slice(0, 18)}`;
  const firestore = opening.use(
    await openFirestore({ registry, projectId: project, emulatorHost: host, keyring }),
  );
  const opened = opening.move();
  return {
    stores: { registry, postgres, firestore, keyring },
    registry,
    keyring,
    postgres,
    firestore,
    url,
    firestoreHost: host,
    project,
    put: async (collection, documents) => await putDocuments(firestore, collection, documents),
    [Symbol.asyncDispose]: async () => await opened.disposeAsync(),
  };
}

/** Writes documents, whatever is there. */
export async function putDocuments(
  { raw }: Firestore,
  collection: string,
  documents: Iterable<DocumentFields>,
): Promise<void> {
  const prefix = `${raw.database}/documents/`;
  const writes = Array.from(documents, ([id, fields]): RawWrite => {
    const line = JSON.stringify({ name: `${prefix}${collection}/${id}`, fields });
    return { op: "set", line: line.replaceAll('"@/', `"${prefix}`) };
  });
  await raw.write(writes, { ramp: false });
}
