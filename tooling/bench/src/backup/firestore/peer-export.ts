// One of the peers, as a user's script runs it: `node peer-export.ts NAME FILE`. Which database: by the variables
// FIRESTORE_EMULATOR_HOST and GOOGLE_CLOUD_PROJECT, which both of them read.
import { writeFile } from "node:fs/promises";
import type { firestoreExport } from "node-firestore-import-export";

const [name, file = ""] = process.argv.slice(2);
const exported = name === "firestore-export-import" ? await exportByOne() : await exportByOther();
await writeFile(file, JSON.stringify(exported));
// Their clients keep the process alive.
process.exit(0);

async function exportByOne(): Promise<unknown> {
  const { backups, initializeFirebaseApp } = await import("firestore-export-import");
  // References by their paths: without `refs` the whole client would be written for each.
  return await backups(initializeFirebaseApp(), [], { refs: ["manager", "client"] });
}

async function exportByOther(): Promise<unknown> {
  const peer = await import("node-firestore-import-export");
  const { createRequire } = await import("node:module");
  // Its own copy of firebase-admin: it knows values by their classes.
  const require = createRequire(import.meta.resolve("node-firestore-import-export"));
  const admin: unknown = require("firebase-admin");
  return await peer.firestoreExport(firestoreOf(admin));
}

type PeerDatabase = Parameters<typeof firestoreExport>[0];

function firestoreOf(admin: unknown): PeerDatabase {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- a version of firebase-admin whose types are not installed here.
  const old = admin as { initializeApp(options: object): void; firestore(): PeerDatabase };
  old.initializeApp({ projectId: process.env["GOOGLE_CLOUD_PROJECT"] });
  return old.firestore();
}
