import { createHash } from "node:crypto";
import { join } from "node:path";
import type { CommandContext } from "../command-context.ts";
import { settingPath } from "../config/load-settings.ts";
import type { Settings } from "../config/settings.ts";
import { firestoreTargetOf } from "../project/firestore-target.ts";
import { type TestServer, withoutPassword } from "./open-test-server.ts";

/** What a program needs to use a test database. */
export interface TestVariables {
  readonly variables: Readonly<Record<string, string>>;
  /** What is to be known about them: full sentences. */
  readonly notes: readonly string[];
}

interface Place {
  readonly settings: Settings;
  readonly server: Pick<TestServer, "kind" | "urlOf">;
  /** Of the database. */
  readonly name: string;
  readonly showPassword: boolean;
}

/** The URL of a test database, and the Firestore project beside it where there is an emulator. In the cloud there is none. */
export async function testVariables(
  { dir }: CommandContext,
  { settings, server, name, showPassword }: Place,
): Promise<TestVariables> {
  const url = server.urlOf(name);
  // That of the embedded server is no secret on this machine: dev prints it, too.
  const shown = showPassword || server.kind === "embedded" ? url : withoutPassword(url);
  const firestore = await testFirestore({ dir, settings, name });
  const isEmbedded = server.kind === "embedded" || firestore?.kind === "embedded";
  return {
    variables: {
      DATABASE_URL: shown,
      ...(firestore?.host === undefined ? {} : { FIRESTORE_EMULATOR_HOST: firestore.host }),
      ...(firestore === undefined
        ? {}
        : { FIREBASE_PROJECT_ID: firestore.projectId, GCLOUD_PROJECT: firestore.projectId }),
    },
    notes: [
      ...(shown === url
        ? []
        : [`The password is that of ${server.kind}; --show-password prints it.`]),
      ...(isEmbedded ? ["The embedded databases run while ctb-data dev does."] : []),
      ...(firestore === undefined
        ? ["No Firestore project: that of the settings is in the cloud."]
        : []),
    ],
  };
}

/** The Firestore project of a test database. */
export interface TestFirestore {
  readonly kind: "embedded" | "emulator";
  readonly projectId: string;
  /** Undefined for an embedded one that does not run. */
  readonly host: string | undefined;
}

/** The Firestore project beside a test database; undefined where Firestore is in the cloud. */
export async function testFirestore({
  dir,
  settings,
  name,
}: {
  readonly dir: string;
  readonly settings: Settings;
  readonly name: string;
}): Promise<TestFirestore | undefined> {
  const target = firestoreTargetOf({ dir, settings });
  const projectId = testProjectId({ dir, settings, name });
  if (target.kind === "cloud") return undefined;
  if (target.kind === "emulator") return { kind: "emulator", projectId, host: target.host };
  const { readServerInfo } = await import("@ctb-data/firestore-emulator");
  const running = readServerInfo(join(settingPath(dir, settings.CTB_DATA_DIR), "firestore"));
  return {
    kind: "embedded",
    projectId,
    host: running === undefined ? undefined : `${running.host}:${running.port}`,
  };
}

/**
 * A name that no other test database has, on no server, and no project that somebody works in: dropping the database empties it.
 * Google's tools take one that begins with `demo-` for one that is not in the cloud; at most 30 characters.
 */
function testProjectId({ dir, settings, name }: Parameters<typeof testFirestore>[0]): string {
  const word = name.toLowerCase().replaceAll(/[^a-z0-9]+/gu, "-").replaceAll(/^-|-$/gu, "").slice(0, 16); // prettier-ignore
  const url = settings.TEST_DATABASE_URL ?? settings.DATABASE_URL;
  const server = url === undefined ? settingPath(dir, settings.CTB_DATA_DIR) : serverOf(url);
  const own = createHash("sha256")
    .update(JSON.stringify([server, name]))
    .digest("hex")
    .slice(0, 8);
  return ["demo", ...(word === "" ? [] : [word.replace(/-$/u, "")]), own].join("-");
}

/** The server's part of a URL: user, password and options may change. */
function serverOf(url: string): string {
  return /^[^:]+:\/\/(?:[^/?]*@)?(?<server>[^/?]*)/u.exec(url)?.groups?.["server"] ?? "";
}
