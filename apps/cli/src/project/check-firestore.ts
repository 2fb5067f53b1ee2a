import type { Firestore, Health } from "@ctb-data/firestore";
import type { Registry } from "@ctb-data/registry";
import type { CommandContext } from "../command-context.ts";
import type { LoadedSettings } from "../config/load-settings.ts";
import { failureOf } from "../failure.ts";
import type { Check } from "./check.ts";
import { failed } from "./check.ts";
import { type FirestoreTarget, firestoreTargetOf } from "./firestore-target.ts";
import { openProjectFirestore } from "./open-firestore.ts";

/** A clock that is further off than this makes Google refuse the tokens of a service account now and then. */
const maxClockSkewMs = 60_000;

/** Looks at the Firestore of a project: its service account, and whether it answers. */
export async function checkFirestore(
  context: CommandContext,
  { settings }: LoadedSettings,
  registry: Registry,
): Promise<readonly Check[]> {
  const hasDocuments =
    registry.collections.size > 0 ||
    [...registry.tables.values()].some(({ firestore }) => firestore !== undefined);
  if (!hasDocuments) {
    return [{ name: "Firestore", result: "ok", found: "not used: no table has documents" }];
  }
  const checks: Check[] = [];
  try {
    const target = firestoreTargetOf({ dir: context.dir, settings });
    await using opened = await openProjectFirestore(context, settings, {
      registry,
      connect: false,
    });
    if (target.kind === "cloud") {
      checks.push(await checkAccount(target, opened.firestore, registry));
    }
    const health = await opened.firestore.health({ signal: context.signal });
    return [...checks, checkHealth(health, target, settings.NODE_ENV === "production")];
  } catch (error) {
    context.signal.throwIfAborted();
    const isAccount = failureOf(error).code === "INVALID_CREDENTIALS";
    return [...checks, failed(isAccount ? "service account" : "Firestore", error)];
  }
}

/** The account itself was read and is complete by now. */
async function checkAccount(
  { credentials }: Extract<FirestoreTarget, { kind: "cloud" }>,
  { projectId }: Firestore,
  registry: Registry,
): Promise<Check> {
  const name = "service account";
  if (credentials === undefined) {
    return { name, result: "ok", found: "that of this machine" };
  }
  if (typeof credentials !== "string") {
    return { name, result: "ok", found: credentials.clientEmail };
  }
  const found = credentials;
  const { openFirestore } = await import("@ctb-data/firestore");
  try {
    // Without a project it is the file's own; nothing is asked.
    await using own = await openFirestore({ registry, credentials, connectTimeoutMs: 0 });
    return own.projectId === projectId
      ? { name, result: "ok", found }
      : {
          name,
          result: "warn",
          found: `${found}, of the project ${own.projectId}`,
          todo: `FIREBASE_PROJECT_ID says ${projectId}: take the account of that project, unless this one was given access to it.`,
        };
  } catch {
    // The file names no project.
    return { name, result: "ok", found };
  }
}

function checkHealth(health: Health, target: FirestoreTarget, isProduction: boolean): Check {
  const name = "Firestore";
  const where =
    target.kind === "emulator"
      ? `the emulator at ${target.host}`
      : target.kind === "embedded"
        ? "embedded"
        : "in the cloud";
  const found = `project ${health.projectId}, ${where}`;
  if (!health.ok) {
    const {
      code,
      message,
      hint = "Check the network, the project and the service account.",
    } = health.error;
    return { name, result: "fail", found: `${found}: ${message} (${code})`, todo: hint };
  }
  const answered = `${found}, ${Math.round(health.latencyMs)} ms`;
  if (health.emulator && isProduction) {
    return {
      name,
      result: "warn",
      found: answered,
      todo: "NODE_ENV is production: unset FIRESTORE_EMULATOR_HOST.",
    };
  }
  return Math.abs(health.clockSkewMs) > maxClockSkewMs
    ? {
        name,
        result: "warn",
        found: `${answered}, its clock is ${Math.round(health.clockSkewMs / 1000)} s ahead of ours`,
        todo: "Set the clock of this machine: Google refuses tokens of another time.",
      }
    : { name, result: "ok", found: answered };
}
