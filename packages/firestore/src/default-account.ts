import { toFirestoreError } from "./classify-error.ts";
import { readDefaultCredentials, type CheckedAccount } from "./credentials.ts";
import { FirestoreError } from "./firestore-error.ts";
import { within, type Limits } from "./limits.ts";

/**
 * The account of this machine: that of the file which GOOGLE_APPLICATION_CREDENTIALS names, or undefined for one that
 * the SDK finds by itself. Left to the SDK, one that is missing or broken is an unhandled rejection, which ends the
 * program.
 *
 * @throws {FirestoreError} INVALID_CREDENTIALS, AUTHENTICATION_FAILED, CANCELLED
 */
export async function defaultAccount(limits: Limits): Promise<CheckedAccount | undefined> {
  const path = process.env["GOOGLE_APPLICATION_CREDENTIALS"] ?? "";
  const account = path === "" ? undefined : await readDefaultCredentials(path);
  if (account === undefined) await checkMachine(limits);
  return account;
}

async function checkMachine(limits: Limits): Promise<void> {
  const { applicationDefault } = await import("firebase-admin/app");
  try {
    await within(async () => await applicationDefault().getAccessToken(), limits, {});
  } catch (error) {
    const made = toFirestoreError(error);
    if (!made.message.includes("Could not load the default credentials")) throw made;
    throw new FirestoreError(
      "INVALID_CREDENTIALS",
      "This machine has no account of Google Cloud.",
      {
        hint: "Give the path of a service-account file (FIREBASE_PRIVATE_KEY_PATH or GOOGLE_APPLICATION_CREDENTIALS), or run: gcloud auth application-default login",
        cause: made,
      },
    );
  }
}
