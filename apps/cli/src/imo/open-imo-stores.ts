import type { PipelineStores } from "@ctb-data/pipeline";
import type { Registry } from "@ctb-data/registry";
import { type CommandContext, flagLayer } from "../command-context.ts";
import type { Settings } from "../config/settings.ts";
import { keyringOption } from "../project/keyring-option.ts";
import { loadProjectRegistry } from "../project/load-project-registry.ts";
import { openProjectFirestore } from "../project/open-firestore.ts";
import { openRegistryDatabase } from "../project/open-registry-database.ts";

/** The settings of a project with its registry; nothing is open yet. */
export interface ImoProject {
  readonly settings: Settings;
  readonly registry: Registry;
}

/** The stores of a project, open. */
export interface ImoStores extends ImoProject, AsyncDisposable {
  readonly stores: PipelineStores;
  /** The same with Firestore, which is opened (or, embedded, made) only when it is asked for: exports need none. */
  withFirestore(): Promise<PipelineStores>;
}

/** @throws {RegistryError} as `loadRegistry`. */
export async function loadImoProject(
  context: CommandContext,
  flags: { readonly registry?: string | undefined },
): Promise<ImoProject> {
  const { settings } = await context.settings(
    flagLayer({ REGISTRY_PATH: { flag: "--registry", value: flags.registry } }),
  );
  return { settings, registry: await loadProjectRegistry(context, settings) };
}

/** Sessions of one runner: its transactions side by side, the heartbeat, what is looked up meanwhile. */
const connections = 4;

/**
 * Opens the database that the settings name, or the embedded one.
 *
 * @throws {CliError} EMBEDDED_IN_PRODUCTION @throws {PostgresError} as `openPostgres`. @throws {ModelError} INVALID_KEYRING
 */
export async function openImoStores(
  context: CommandContext,
  { settings, registry }: ImoProject,
): Promise<ImoStores> {
  await using opening = new AsyncDisposableStack();
  const { db: postgres } = opening.use(
    await openRegistryDatabase(context, settings, { registry, connections }),
  );
  const stores: PipelineStores = { registry, postgres, ...keyringOption(settings) };
  const opened = opening.move();
  let both: PipelineStores | undefined;
  return {
    settings,
    registry,
    stores,
    withFirestore: async () => {
      both ??= {
        ...stores,
        firestore: opened.use(await openProjectFirestore(context, settings, { registry }))
          .firestore,
      };
      return both;
    },
    [Symbol.asyncDispose]: async () => {
      await opened.disposeAsync();
    },
  };
}
