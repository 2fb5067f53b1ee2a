import { existsSync } from "node:fs";
import { join } from "node:path";
import type { IntegrityStores } from "@ctb-data/integrity";
import type { Registry } from "@ctb-data/registry";
import type { StoreName, StoreTarget } from "../backup/open-backup-stores.ts";
import { type CommandContext, flagLayer } from "../command-context.ts";
import { settingPath } from "../config/load-settings.ts";
import type { Settings } from "../config/settings.ts";
import { firestoreTargetOf } from "../project/firestore-target.ts";
import { keyringOption } from "../project/keyring-option.ts";
import { loadProjectRegistry } from "../project/load-project-registry.ts";
import { openProjectFirestore } from "../project/open-firestore.ts";
import { openRegistryDatabase } from "../project/open-registry-database.ts";

/** The flags that say which stores a command works on. */
export interface StoreFlags {
  readonly registry?: string | undefined;
  /** Only this one. */
  readonly store?: StoreName | undefined;
  /** False for `--no-firestore`. */
  readonly firestore?: boolean | undefined;
  readonly connections?: number | undefined;
  readonly statementTimeout?: number | undefined;
}

/** The stores of the project with their registry, open. */
export interface OpenedIntegrityStores extends AsyncDisposable {
  readonly stores: IntegrityStores;
  readonly settings: Settings;
  /** What is changed by a fix, as people are asked about it. */
  readonly targets: readonly StoreTarget[];
  /** Stores that the registry speaks of and that are not looked at, and why: full sentences. */
  readonly notOpened: readonly string[];
}

/** Sessions beside those that read: of the lock, the catalog, the fix. */
const otherConnections = 4;

/**
 * Opens the stores that the settings name, or the embedded ones, as far as the registry speaks of them. An embedded Firestore that is
 * not there yet is not made: every row would lack its document.
 *
 * @throws {RegistryError} as `loadRegistry`. @throws {CliError} EMBEDDED_IN_PRODUCTION
 * @throws {PostgresError} as `openPostgres`. @throws {FirestoreError} as `openFirestore`.
 */
export async function openIntegrityStores(
  context: CommandContext,
  flags: StoreFlags,
): Promise<OpenedIntegrityStores> {
  const { settings } = await context.settings(
    flagLayer({ REGISTRY_PATH: { flag: "--registry", value: flags.registry } }),
  );
  const registry = await loadProjectRegistry(context, settings);
  const keys = keyringOption(settings);
  const { names, notOpened } = wantedStores(context, { settings, registry, flags });
  await using opening = new AsyncDisposableStack();
  const database = names.includes("postgres")
    ? opening.use(
        await openRegistryDatabase(context, settings, {
          registry,
          connections: (flags.connections ?? 0) + otherConnections,
          statementTimeoutMs: flags.statementTimeout,
        }),
      )
    : undefined;
  const documents = names.includes("firestore")
    ? opening.use(await openProjectFirestore(context, settings, { registry }))
    : undefined;
  const targets: StoreTarget[] = [];
  if (database !== undefined) {
    const { rows } = await database.db.query<{ name: string }>(
      "SELECT pg_catalog.current_database() AS name",
    );
    const { description } = database.db;
    targets.push({ store: "postgres", name: rows[0]?.name ?? "", description });
  }
  if (documents !== undefined) {
    const { projectId, description } = documents.firestore;
    targets.push({ store: "firestore", name: projectId, description });
  }
  const opened = opening.move();
  return {
    stores: {
      registry,
      postgres: database?.db,
      firestore: documents?.firestore,
      ...keys,
    },
    settings,
    targets,
    notOpened,
    [Symbol.asyncDispose]: async () => {
      await opened.disposeAsync();
    },
  };
}

interface Wanted {
  readonly names: readonly StoreName[];
  readonly notOpened: readonly string[];
}

function wantedStores(
  { dir }: CommandContext,
  {
    settings,
    registry,
    flags,
  }: { readonly settings: Settings; readonly registry: Registry; readonly flags: StoreFlags },
): Wanted {
  if (flags.store !== undefined) return { names: [flags.store], notOpened: [] };
  const hasFolder = (name: string): boolean =>
    existsSync(join(settingPath(dir, settings.CTB_DATA_DIR), name));
  const hasDocuments =
    registry.collections.size > 0 ||
    [...registry.tables.values()].some((table) => table.firestore !== undefined);
  const postgres: readonly StoreName[] =
    registry.tables.size > 0 || settings.DATABASE_URL !== undefined || hasFolder("postgres")
      ? ["postgres"]
      : [];
  if (flags.firestore === false || !hasDocuments) return { names: postgres, notOpened: [] };
  const isThere =
    firestoreTargetOf({ dir, settings }).kind !== "embedded" ||
    hasFolder("firestore") ||
    // Where it is refused with words.
    settings.NODE_ENV === "production";
  return isThere
    ? { names: [...postgres, "firestore"], notOpened: [] }
    : {
        names: postgres,
        notOpened: [
          "Firestore: neither FIREBASE_PROJECT_ID nor FIRESTORE_EMULATOR_HOST is set, and there is no embedded one here yet.",
        ],
      };
}
