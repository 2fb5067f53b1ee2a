import { mkdir, mkdtemp, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import type { OpenedBackup, ScratchStores } from "@ctb-data/backup";
import type { Firestore } from "@ctb-data/firestore";
import type { Postgres } from "@ctb-data/postgres";
import { parseRegistry } from "@ctb-data/registry";
import type { CommandContext } from "../command-context.ts";
import type { Settings } from "../config/settings.ts";
import { makeStateFolder } from "../project/state-folder.ts";

/** A project that is in no cloud. */
const drillProject = "demo-ctb-data-drill";

/**
 * Starts a PostgreSQL and a Firestore of their own for a drill, as far as the backup has them: empty, and gone after `close`. Nothing
 * of them touches the databases of the project. What killed drills left behind is removed first.
 *
 * @throws {PostgresError} as `startEmbeddedPostgres`. @throws {EmulatorError} as `startFirestoreEmulator`.
 */
export async function openScratchStores(
  context: CommandContext,
  settings: Settings,
  { manifest }: Pick<OpenedBackup, "manifest">,
): Promise<ScratchStores> {
  const drills = join(await makeStateFolder(context, settings), "drills");
  await mkdir(drills, { recursive: true, mode: 0o711 });
  await removeLeftovers(drills);
  await using opening = new AsyncDisposableStack();
  const descriptions: string[] = [];
  let postgres: Postgres | undefined;
  let firestore: Firestore | undefined;
  if (manifest.postgres !== null) {
    const dir = await mkdtemp(join(drills, `${process.pid}-`));
    opening.defer(async () => {
      await rm(dir, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
    });
    const opened = await startPostgres(opening, dir, context.signal);
    postgres = opened.db;
    descriptions.push(`PostgreSQL ${opened.version}`);
  }
  if (manifest.firestore !== null) {
    firestore = await startFirestore(opening, context.signal);
    descriptions.push("an emulated Firestore");
  }
  const opened = opening.move();
  return {
    postgres,
    firestore,
    description: `${descriptions.join(" and ")} on this machine`,
    close: async () => {
      await opened.disposeAsync();
    },
  };
}

async function startPostgres(
  opening: AsyncDisposableStack,
  dir: string,
  signal: AbortSignal,
): Promise<{ readonly db: Postgres; readonly version: string }> {
  const { startEmbeddedPostgres } = await import("@ctb-data/postgres/embedded");
  const { openPostgres } = await import("../project/open-postgres.ts");
  // What is lost in a crash is thrown away anyway.
  const server = opening.use(
    await startEmbeddedPostgres({ dataDir: join(dir, "postgres"), durable: false, signal }),
  );
  await server.createDatabase("drill");
  const db = await openPostgres({
    url: server.urlOf("drill"),
    applicationName: "ctb-data drill",
    signal,
  });
  opening.defer(async () => {
    await db.close({ graceMs: 0 });
  });
  return { db, version: server.version };
}

async function startFirestore(
  opening: AsyncDisposableStack,
  signal: AbortSignal,
): Promise<Firestore> {
  const { startFirestoreEmulator } = await import("@ctb-data/firestore-emulator");
  const { openFirestore } = await import("@ctb-data/firestore");
  const emulator = await startFirestoreEmulator({ port: 0 });
  opening.defer(async () => {
    await emulator.close();
  });
  const firestore = await openFirestore({
    registry: parseRegistry("tables: {}\n", { file: "no registry" }),
    projectId: drillProject,
    emulatorHost: emulator.address,
    signal,
  });
  opening.defer(async () => {
    await firestore.close({ graceMs: 0 });
  });
  return firestore;
}

/** The folders of drills whose process is gone. */
async function removeLeftovers(drills: string): Promise<void> {
  for (const name of await readdir(drills)) {
    const pid = Number(/^(?<pid>\d+)-/u.exec(name)?.groups?.["pid"]);
    if (pid > 0 && !isRunning(pid)) {
      await rm(join(drills, name), { recursive: true, force: true });
    }
  }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // EPERM: it is somebody else's.
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
}
