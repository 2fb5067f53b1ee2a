import { setTimeout as sleep } from "node:timers/promises";
import { startEmbeddedPostgres, type EmbeddedPostgres } from "../embedded.ts";
import { PostgresError } from "../postgres-error.ts";
import { AdminSession } from "./admin-session.ts";
import { TemplateStore } from "./template-store.ts";

/** Which server. */
export interface ServerPlace {
  /** Of a running server: the database to connect to for creating others. Its user needs CREATEDB. */
  readonly url?: string | undefined;
  /** The folder of an embedded server, when there is no `url`. */
  readonly dataDir?: string | undefined;
  /** Gives up the start of an embedded server. */
  readonly signal?: AbortSignal | undefined;
}

/** What a process has open on one server, whoever asks for it. */
export interface SharedServer {
  readonly admin: AdminSession;
  readonly templates: TemplateStore;
  /** When nobody else uses it, closes it after a while: the next test file wants it again. */
  readonly release: () => void;
}

interface Opened {
  readonly admin: AdminSession;
  readonly templates: TemplateStore;
  readonly embedded: EmbeddedPostgres | undefined;
}

interface Entry {
  readonly opened: Promise<Opened>;
  users: number;
}

const lingerMs = 1000;
const open = new Map<string, Entry>();

/** Opens a server, or gives the one that this process has open. @throws {PostgresError} */
export async function shareServer(place: ServerPlace): Promise<SharedServer> {
  const key = JSON.stringify([place.url, place.url === undefined ? place.dataDir : ""]);
  const entry = open.get(key) ?? { opened: openServer(place, () => open.delete(key)), users: 0 };
  open.set(key, entry);
  entry.users += 1;
  let released = false;
  const release = (): void => {
    if (released) return;
    released = true;
    entry.users -= 1;
    if (entry.users === 0) void closeLater(key, entry);
  };
  try {
    const { admin, templates } = await entry.opened;
    return { admin, templates, release };
  } catch (error) {
    if (open.get(key) === entry) open.delete(key);
    throw error;
  }
}

async function openServer(
  { url, dataDir, signal }: ServerPlace,
  onStopped: () => void,
): Promise<Opened> {
  if (url === undefined && dataDir === undefined) {
    throw new PostgresError(
      "INVALID_OPTIONS",
      "Neither url nor dataDir says where databases are made.",
      {
        hint: "Give the URL of a server, or a folder for an embedded one.",
      },
    );
  }
  const embedded =
    url === undefined
      ? await startEmbeddedPostgres({
          ...serverForTests,
          dataDir: dataDir ?? "",
          onStopped,
          ...(signal && { signal }),
        })
      : undefined;
  try {
    const admin = await AdminSession.open(url ?? embedded?.url ?? "");
    return { admin, templates: new TemplateStore(admin), embedded };
  } catch (error) {
    await embedded?.close();
    throw error;
  }
}

/**
 * Fast, and lost when the machine crashes. Every test file of every package may have a pool open at the same moment. The log
 * stays small: it may lie in memory.
 */
export const serverForTests = {
  durable: false,
  settings: { max_connections: "400", max_wal_size: "256MB", min_wal_size: "32MB" },
} as const;

async function closeLater(key: string, entry: Entry): Promise<void> {
  await sleep(lingerMs, undefined, { ref: false });
  if (entry.users > 0 || open.get(key) !== entry) return;
  open.delete(key);
  const { admin, embedded } = await entry.opened;
  await admin.close();
  await embedded?.close();
}
