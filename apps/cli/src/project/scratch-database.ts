import { mkdir, mkdtemp, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import type { Postgres } from "@ctb-data/postgres";
import type { CommandContext } from "../command-context.ts";
import type { Settings } from "../config/settings.ts";
import { makeStateFolder } from "./state-folder.ts";

/** An empty database on a server of its own, which is gone after it is disposed of. */
export interface ScratchDatabase extends AsyncDisposable {
  readonly db: Postgres;
  /** Of the server, as in `18.4`. */
  readonly version: string;
}

/** What it is for. */
export interface ScratchOptions {
  /** The name of the database, and that of the folder of such servers in the state folder. */
  readonly name: string;
  readonly folder: string;
}

/**
 * Starts a PostgreSQL of its own with an empty database. Nothing of it touches the databases of the project. What killed processes
 * left behind in the same folder is removed first.
 *
 * @throws {PostgresError} as `startEmbeddedPostgres`.
 */
export async function openScratchDatabase(
  context: CommandContext,
  settings: Settings,
  { name, folder }: ScratchOptions,
): Promise<ScratchDatabase> {
  const { signal } = context;
  const all = join(await makeStateFolder(context, settings), folder);
  // PostgreSQL does not run as root: the user that runs it instead must be able to enter.
  await mkdir(all, { recursive: true, mode: 0o711 });
  await removeLeftovers(all);
  await using opening = new AsyncDisposableStack();
  const dir = await mkdtemp(join(all, `${process.pid}-`));
  opening.defer(async () => {
    await rm(dir, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
  });
  const { startEmbeddedPostgres } = await import("@ctb-data/postgres/embedded");
  const { openPostgres } = await import("./open-postgres.ts");
  // What is lost in a crash is thrown away anyway.
  const server = opening.use(
    await startEmbeddedPostgres({ dataDir: join(dir, "postgres"), durable: false, signal }),
  );
  await server.createDatabase(name);
  const db = await openPostgres({
    url: server.urlOf(name),
    applicationName: `ctb-data ${name}`,
    signal,
  });
  opening.defer(async () => {
    await db.close({ graceMs: 0 });
  });
  const opened = opening.move();
  return {
    db,
    version: server.version,
    [Symbol.asyncDispose]: async () => {
      await opened.disposeAsync();
    },
  };
}

/** The folders of processes that are gone. */
async function removeLeftovers(all: string): Promise<void> {
  for (const name of await readdir(all)) {
    const pid = Number(/^(?<pid>\d+)-/u.exec(name)?.groups?.["pid"]);
    if (pid > 0 && !isRunning(pid)) {
      await rm(join(all, name), { recursive: true, force: true });
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
