import { isConnectionLost } from "./classify-error.ts";
import type { AdminSession } from "./scratch/admin-session.ts";
import { dropDatabase } from "./scratch/create-database.ts";
import { urlOfDatabase } from "./scratch/scratch-client.ts";
import { shareServer, type ServerPlace } from "./scratch/shared-server.ts";
import { sweep, type SweepLimits } from "./scratch/sweep.ts";
import type { TemplateContent } from "./scratch/template-store.ts";

export { PostgresError, type PostgresErrorCode } from "./postgres-error.ts";
export type { ServerPlace } from "./scratch/shared-server.ts";
export { scratchFolder } from "./scratch/scratch-folder.ts";
export type { SweepLimits } from "./scratch/sweep.ts";
export type { TemplateContent } from "./scratch/template-store.ts";
export { WarmPool, type WarmPoolOptions } from "./scratch/warm-pool.ts";

/** A database of this process, for a test or a test file. */
export interface ScratchDatabase extends AsyncDisposable {
  readonly url: string;
  readonly name: string;
  /** Cuts off whoever is connected. May be called twice. */
  drop(): Promise<void>;
}

/** How a database is made. */
export interface ScratchDatabaseOptions {
  /** What it has. Default: nothing. */
  readonly template?: TemplateContent | undefined;
  /** `later` lets everything else that this process wants of the server go first. Default `now`. */
  readonly lane?: "now" | "later";
}

/**
 * How an embedded server for tests runs. Whoever starts it by `startEmbeddedPostgres` in the same folder says the same.
 */
export { serverForTests } from "./scratch/shared-server.ts";

/** A server on which databases come and go. */
export interface ScratchServer extends AsyncDisposable {
  /** Of the database that others are created from. It has the password. */
  readonly url: string;
  /** As in `18.4`. */
  readonly version: string;
  /**
   * Makes a database of its own. From a template it is a copy of what `template.build` made once: the first process that wants it
   * builds it, the others wait. On an embedded server a copy takes about 10 ms.
   *
   * @throws {PostgresError} PERMISSION_DENIED when the user has not CREATEDB; RESOURCES_EXHAUSTED; CONNECTION_FAILED when the server
   * is gone. What `build` throws is thrown as it is.
   */
  createDatabase(options?: ScratchDatabaseOptions): Promise<ScratchDatabase>;
  /**
   * Drops what processes left behind that were killed, here or on another machine, half-built templates included, and templates
   * that nobody uses any more. Nothing of a living process. Gives the names.
   */
  sweep(limits?: SweepLimits): Promise<readonly string[]>;
  /** Drops the databases that were made here and are still there, and lets go of the server. One that is gone keeps them for a sweep. */
  close(): Promise<void>;
}

/**
 * Opens a server for throwaway databases: that of a URL, or the embedded one of a folder, which runs without care for the disk and
 * ends with the last process that uses it.
 *
 * A process has one session with a server for all of this, which does not keep it alive. Its databases are called
 * `ctb_test_…`, templates `ctb_template_…`; a process that is killed leaves its databases to the next `sweep`.
 *
 * @throws {PostgresError} INVALID_OPTIONS (a transaction pooler too), CONNECTION_FAILED, AUTHENTICATION_FAILED, TLS_FAILED, and what
 * `startEmbeddedPostgres` throws.
 */
export async function openScratchServer(place: ServerPlace): Promise<ScratchServer> {
  const { admin, templates, release } = await shareServer(place);
  const databases = new Set<ScratchDatabase>();
  const close = async (): Promise<void> => {
    try {
      await Promise.all([...databases].map(async (database) => await database.drop()));
    } catch (error) {
      if (!isConnectionLost(error)) throw error;
    } finally {
      release();
    }
  };
  return {
    url: admin.url,
    version: admin.facts.version,
    createDatabase: async ({ template, lane = "now" } = {}) => {
      const name =
        template === undefined
          ? await templates.empty(lane)
          : await templates.clone(template, lane);
      const database = scratchDatabase(admin, name, () => databases.delete(database));
      databases.add(database);
      return database;
    },
    sweep: async (limits) => await sweep(admin, limits),
    close,
    [Symbol.asyncDispose]: close,
  };
}

function scratchDatabase(
  admin: AdminSession,
  name: string,
  onDropped: () => void,
): ScratchDatabase {
  let dropped: Promise<void> | undefined;
  const drop = async (): Promise<void> => {
    dropped ??= dropDatabase(admin, name).then(onDropped);
    try {
      await dropped;
    } catch (error) {
      // It may be tried again.
      dropped = undefined;
      throw error;
    }
  };
  return { url: urlOfDatabase(admin.url, name), name, drop, [Symbol.asyncDispose]: drop };
}
