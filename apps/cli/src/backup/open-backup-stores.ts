import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Firestore } from "@ctb-data/firestore";
import type { Postgres } from "@ctb-data/postgres";
import { parseRegistry, type Registry } from "@ctb-data/registry";
import { CliError } from "../cli-error.ts";
import type { CommandContext } from "../command-context.ts";
import { settingPath } from "../config/load-settings.ts";
import type { Settings } from "../config/settings.ts";
import { firestoreTargetOf } from "../project/firestore-target.ts";
import { loadProjectRegistry } from "../project/load-project-registry.ts";
import { openDatabase } from "../project/open-database.ts";
import { openProjectFirestore } from "../project/open-firestore.ts";

/** One of the two stores. */
export type StoreName = "postgres" | "firestore";

/** The stores that a command works on, open. */
export interface OpenedStores extends AsyncDisposable {
  readonly postgres?: OpenedPostgres;
  readonly firestore?: Firestore;
  /** What the restore of a backup into a store must be confirmed with. */
  readonly names: readonly StoreTarget[];
}

interface OpenedPostgres {
  readonly db: Postgres;
  /** Holds the password: never printed. */
  readonly url: string;
}

/** A store as people are asked about it. */
export interface StoreTarget {
  readonly store: StoreName;
  /** The name of the database, or of the project. */
  readonly name: string;
  /** With host and port. */
  readonly description: string;
}

/** What is opened, and how. */
export interface OpenStoresOptions {
  readonly stores: readonly StoreName[];
  /** Connections to PostgreSQL that the work takes at once. */
  readonly connections?: number;
}

/** Backups hold what is there, whatever a registry says of it: none is needed, and a broken one does no harm. */
const anyRegistry = (): Registry => parseRegistry("tables: {}\n", { file: "no registry" });

/**
 * Opens stores of the project: those that the settings name, or the embedded ones.
 *
 * @throws {CliError} EMBEDDED_IN_PRODUCTION
 * @throws {PostgresError} as `openPostgres`. @throws {FirestoreError} as `openFirestore`.
 */
export async function openBackupStores(
  context: CommandContext,
  settings: Settings,
  { stores, connections = 4 }: OpenStoresOptions,
): Promise<OpenedStores> {
  await using opening = new AsyncDisposableStack();
  const names: StoreTarget[] = [];
  // A key of fields is of no use here, and one that is wrong must not stop a backup.
  const used = {
    ...settings,
    DATABASE_POOL_SIZE: Math.max(settings.DATABASE_POOL_SIZE, connections),
    DATA_ENCRYPTION_KEY: undefined,
  };
  const postgres = stores.includes("postgres")
    ? opening.use(await openDatabase(context, used))
    : undefined;
  if (postgres !== undefined) {
    const { rows } = await postgres.db.query<{ name: string }>(
      "SELECT pg_catalog.current_database() AS name",
    );
    const name = rows[0]?.name ?? "";
    names.push({ store: "postgres", name, description: postgres.db.description });
  }
  const firestore = stores.includes("firestore")
    ? opening.use(await openProjectFirestore(context, used, { registry: anyRegistry() })).firestore
    : undefined;
  if (firestore !== undefined) {
    const { projectId, description } = firestore;
    names.push({ store: "firestore", name: projectId, description });
  }
  const opened = opening.move();
  return {
    ...(postgres === undefined ? {} : { postgres }),
    ...(firestore === undefined ? {} : { firestore }),
    names,
    [Symbol.asyncDispose]: async () => {
      await opened.disposeAsync();
    },
  };
}

/**
 * The stores that the project uses: what the settings name, what has an embedded folder, and what the registry speaks of. With
 * `NODE_ENV=production` a store that the registry speaks of and no setting names is refused when it is opened, not passed over.
 *
 * @throws {CliError} NOT_FOUND when there is none.
 */
export async function usedStores(
  context: CommandContext,
  settings: Settings,
): Promise<readonly StoreName[]> {
  const registry = await loadProjectRegistry(context, settings).catch(() => anyRegistry());
  const hasFolder = (name: string): boolean =>
    existsSync(join(settingPath(context.dir, settings.CTB_DATA_DIR), name));
  const hasDocuments =
    registry.collections.size > 0 ||
    [...registry.tables.values()].some((table) => table.firestore !== undefined);
  const isNamed = firestoreTargetOf({ dir: context.dir, settings }).kind !== "embedded";
  const stores: StoreName[] = [];
  if (settings.DATABASE_URL !== undefined || hasFolder("postgres") || registry.tables.size > 0) {
    stores.push("postgres");
  }
  if (isNamed || hasFolder("firestore") || hasDocuments) {
    stores.push("firestore");
  }
  if (stores.length === 0) {
    throw new CliError("NOT_FOUND", "There is no database here that could be backed up.", {
      hint: "Set DATABASE_URL, FIREBASE_PROJECT_ID or both, or run it in the folder of a project.",
    });
  }
  return stores;
}
