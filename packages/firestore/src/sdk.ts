import type * as FirebaseAdmin from "firebase-admin/firestore";

/** firebase-admin's module of Firestore. Nothing else in this package loads it. */
export type Sdk = typeof FirebaseAdmin;

let loaded: Promise<Sdk> | undefined;

/** Loads firebase-admin when it is first needed: that takes a third of a second. */
export async function loadSdk(): Promise<Sdk> {
  loaded ??= import("firebase-admin/firestore");
  return await loaded;
}
