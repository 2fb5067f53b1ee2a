import type { Firestore, FirestoreOptions } from "@ctb-data/firestore";
import type { Registry } from "@ctb-data/registry";
import type { CommandContext } from "../command-context.ts";
import type { Settings } from "../config/settings.ts";
import { type FirestoreTarget, firestoreTargetOf } from "./firestore-target.ts";
import { keyringOption } from "./keyring-option.ts";

/** The project's Firestore, open. Closing it also stops an embedded server that was started for it. */
export interface ProjectFirestore extends AsyncDisposable {
  readonly firestore: Firestore;
  readonly target: FirestoreTarget;
}

interface OpenOptions {
  readonly registry: Registry;
  /** False: nothing is asked, so that `health` can say what is wrong. */
  readonly connect?: boolean;
}

/**
 * Opens the Firestore that the settings name, or the embedded one and says so in one line on stderr.
 *
 * @throws {CliError} EMBEDDED_IN_PRODUCTION, or INVALID_CONFIG for half of a service account.
 * @throws {FirestoreError} as `openFirestore`.
 */
export async function openProjectFirestore(
  context: CommandContext,
  settings: Settings,
  { registry, connect = true }: OpenOptions,
): Promise<ProjectFirestore> {
  const target = firestoreTargetOf({ dir: context.dir, settings });
  const server =
    target.kind === "embedded"
      ? await (await import("./embedded-firestore.ts")).joinProjectFirestore(context, settings)
      : undefined;
  try {
    const { openFirestore } = await import("@ctb-data/firestore");
    const firestore = await openFirestore({
      registry,
      signal: context.signal,
      ...keyringOption(settings),
      ...(connect ? {} : { connectTimeoutMs: 0 }),
      ...placeOf(target, server?.address),
    });
    return {
      firestore,
      target,
      [Symbol.asyncDispose]: async () => {
        // What a command has not waited for is a read that it gave up.
        await firestore.close({ graceMs: 0 });
        await server?.[Symbol.asyncDispose]();
      },
    };
  } catch (error) {
    await server?.[Symbol.asyncDispose]();
    throw error;
  }
}

function placeOf(
  target: FirestoreTarget,
  embedded: string | undefined,
): Pick<FirestoreOptions, "projectId" | "credentials" | "emulatorHost"> {
  if (target.kind === "cloud") {
    const { projectId, credentials = "application-default" } = target;
    return { projectId, credentials };
  }
  const emulatorHost = target.kind === "emulator" ? target.host : embedded;
  return { projectId: target.projectId, emulatorHost };
}
