import type { OpenedBackup, ScratchStores } from "@ctb-data/backup";
import type { Firestore } from "@ctb-data/firestore";
import { parseRegistry } from "@ctb-data/registry";
import type { CommandContext } from "../command-context.ts";
import type { Settings } from "../config/settings.ts";
import { openScratchDatabase, type ScratchDatabase } from "../project/scratch-database.ts";

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
  await using opening = new AsyncDisposableStack();
  const descriptions: string[] = [];
  let postgres: ScratchDatabase | undefined;
  let firestore: Firestore | undefined;
  if (manifest.postgres !== null) {
    postgres = opening.use(
      await openScratchDatabase(context, settings, { name: "drill", folder: "drills" }),
    );
    descriptions.push(`PostgreSQL ${postgres.version}`);
  }
  if (manifest.firestore !== null) {
    firestore = await startFirestore(opening, context.signal);
    descriptions.push("an emulated Firestore");
  }
  const opened = opening.move();
  return {
    postgres: postgres?.db,
    firestore,
    description: `${descriptions.join(" and ")} on this machine`,
    close: async () => {
      await opened.disposeAsync();
    },
  };
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
