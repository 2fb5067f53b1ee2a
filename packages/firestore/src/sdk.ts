import type * as FirebaseAdmin from "firebase-admin/firestore";
import { FirestoreError } from "./firestore-error.ts";

/** firebase-admin's module of Firestore. Nothing else in this package loads it. */
export type Sdk = typeof FirebaseAdmin;

let loaded: Promise<Sdk> | undefined;

/** Loads firebase-admin when it is first needed: that takes a third of a second. */
export async function loadSdk(): Promise<Sdk> {
  loaded ??= import("firebase-admin/firestore");
  try {
    return await loaded;
  } catch (error) {
    if (!(error instanceof Error) || !error.message.includes("'@google-cloud/firestore'"))
      throw error;
    throw new FirestoreError("UNSUPPORTED", "@google-cloud/firestore is not installed.", {
      hint: "It is optional to firebase-admin: npm leaves it out without a word when it runs on a Node older than 22, or with --omit=optional. Install again without these.",
      cause: error,
    });
  }
}
