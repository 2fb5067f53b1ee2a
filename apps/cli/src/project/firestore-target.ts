import { CliError } from "../cli-error.ts";
import { settingPath } from "../config/load-settings.ts";
import type { ProjectPlaces } from "./project-places.ts";
import { shownPath } from "./shown-path.ts";

/** The project of the embedded Firestore. Google's tools take one that begins with `demo-` for one that is not in the cloud. */
export const embeddedProjectId = "demo-ctb-data";

/** Where the settings say that Firestore is. */
export type FirestoreTarget =
  | {
      readonly kind: "cloud";
      /** Undefined: that of the service account. */
      readonly projectId?: string;
      /** The path of a service-account file, or what is in it. Undefined on Google's own machines. */
      readonly credentials?: string | { readonly clientEmail: string; readonly privateKey: string };
    }
  | { readonly kind: "emulator"; readonly projectId: string; readonly host: string }
  | { readonly kind: "embedded"; readonly projectId: string };

/**
 * An emulator when one is named, else the cloud when a project or a service account is, else the embedded one.
 *
 * @throws {CliError} INVALID_CONFIG for half of a service account.
 */
export function firestoreTargetOf({ dir, settings }: ProjectPlaces): FirestoreTarget {
  const { FIRESTORE_EMULATOR_HOST: host, FIREBASE_PROJECT_ID: projectId } = settings;
  if (host !== undefined) {
    return { kind: "emulator", host, projectId: projectId ?? embeddedProjectId };
  }
  const credentials = credentialsOf({ dir, settings });
  if (projectId === undefined && credentials === undefined) {
    return { kind: "embedded", projectId: embeddedProjectId };
  }
  return {
    kind: "cloud",
    ...(projectId === undefined ? {} : { projectId }),
    ...(credentials === undefined ? {} : { credentials }),
  };
}

function credentialsOf({
  dir,
  settings,
}: ProjectPlaces): Extract<FirestoreTarget, { kind: "cloud" }>["credentials"] {
  if (settings.FIREBASE_PRIVATE_KEY_PATH !== undefined) {
    return shownPath(settingPath(dir, settings.FIREBASE_PRIVATE_KEY_PATH));
  }
  const { FIREBASE_PRIVATE_KEY: privateKey, FIREBASE_CLIENT_EMAIL: clientEmail } = settings;
  if (privateKey === undefined && clientEmail === undefined) {
    return undefined;
  }
  if (privateKey === undefined || clientEmail === undefined) {
    const [there, missing] =
      privateKey === undefined
        ? ["FIREBASE_CLIENT_EMAIL", "FIREBASE_PRIVATE_KEY"]
        : ["FIREBASE_PRIVATE_KEY", "FIREBASE_CLIENT_EMAIL"];
    throw new CliError("INVALID_CONFIG", `${there} is set, and ${missing} is not.`, {
      hint: "Set both, or FIREBASE_PRIVATE_KEY_PATH to the service-account file.",
    });
  }
  return { clientEmail, privateKey };
}
