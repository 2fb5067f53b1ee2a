import { randomBytes } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import {
  type AnyDocuments,
  type DocumentsByName,
  type Firestore,
  openFirestore,
} from "@ctb-data/firestore";
import { type FirestoreEmulator, startFirestoreEmulator } from "@ctb-data/firestore-emulator";
import type { Keyring } from "@ctb-data/models";
import type { Registry } from "@ctb-data/registry";

/** What a project is opened with. */
export interface TestFirestoreOptions {
  readonly registry: Registry;
  readonly keyring?: Keyring | undefined;
  /** Undefined for the emulator of this process. */
  readonly emulatorHost?: string | undefined;
}

/** A Firestore project of its own. */
export interface TestFirestore<Documents extends DocumentsByName<Documents> = AnyDocuments> {
  readonly firestore: Firestore<Documents>;
  /** Closes it and deletes its documents. */
  readonly close: () => Promise<void>;
}

/** Opens a project that nobody else has. @throws {FirestoreError | EmulatorError} */
export async function openTestFirestore<
  Documents extends DocumentsByName<Documents> = AnyDocuments,
>({ registry, keyring, emulatorHost }: TestFirestoreOptions): Promise<TestFirestore<Documents>> {
  const projectId = `ctb-test-${randomBytes(8).toString("hex")}`;
  const server = emulatorHost === undefined ? await shareEmulator() : foreign(emulatorHost);
  try {
    const firestore = await openFirestore<Documents>({
      registry,
      projectId,
      emulatorHost: server.address,
      ...(keyring && { keyring }),
    });
    const close = async (): Promise<void> => {
      await firestore.close({ graceMs: 500 });
      await server.clear(`projects/${projectId}/databases/(default)`);
      server.release();
    };
    return { firestore, close };
  } catch (error) {
    server.release();
    throw error;
  }
}

/** A server that has projects. */
interface ProjectServer {
  readonly address: string;
  readonly clear: (database: string) => Promise<void>;
  readonly release: () => void;
}

/** Every emulator, Google's too, empties a database when it is asked like this. */
function foreign(address: string): ProjectServer {
  return {
    address,
    clear: async (database) => {
      // What it keeps is in its memory, and gone when it ends: no test fails because of that.
      await fetch(`http://${address}/emulator/v1/${database}/documents`, {
        method: "DELETE",
      }).catch(() => undefined);
    },
    release: () => {},
  };
}

const lingerMs = 500;
let emulator: Promise<FirestoreEmulator> | undefined;
let users = 0;

/** One emulator for a process, which lasts a little longer than its projects. */
async function shareEmulator(): Promise<ProjectServer> {
  users += 1;
  emulator ??= startFirestoreEmulator();
  const current = emulator;
  const release = (): void => {
    users -= 1;
    if (users === 0) void closeLater(current);
  };
  try {
    const server = await current;
    const clear = async (database: string): Promise<void> => {
      await server.clear(database);
    };
    return { address: server.address, clear, release };
  } catch (error) {
    users -= 1;
    if (emulator === current) emulator = undefined;
    throw error;
  }
}

async function closeLater(current: Promise<FirestoreEmulator>): Promise<void> {
  await sleep(lingerMs);
  if (users > 0 || emulator !== current) return;
  emulator = undefined;
  await (await current).close();
}
