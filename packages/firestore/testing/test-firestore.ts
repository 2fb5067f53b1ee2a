import { randomUUID } from "node:crypto";
import { parseRegistry, type Registry } from "@ctb-data/registry";
import type {
  AnyDocuments,
  DocumentsByName,
  Firestore,
  FirestoreOptions,
} from "../src/firestore.ts";
import { openFirestore } from "../src/open-firestore.ts";
import { firestoreHost } from "./emulator.ts";

/** A project of its own for one test: nobody else's documents are in it. */
export async function openTestFirestore<
  Documents extends DocumentsByName<Documents> = AnyDocuments,
>(
  options: Partial<FirestoreOptions> & { readonly registry: Registry },
): Promise<Firestore<Documents>> {
  return await openFirestore<Documents>({
    projectId: newProject(),
    emulatorHost: firestoreHost(),
    ...options,
  });
}

export function newProject(): string {
  return `test-${randomUUID().slice(0, 18)}`;
}

/** The registry of a YAML text. */
export function registryOf(yaml: string): Registry {
  return parseRegistry(yaml, { file: "test.yml" });
}

/** The error that a promise is rejected with; anything else fails the test. */
export async function errorOf(promise: Promise<unknown>): Promise<unknown> {
  try {
    await promise;
  } catch (error) {
    return error;
  }
  throw new Error("It was not rejected.");
}
