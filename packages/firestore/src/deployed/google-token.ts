import type { CheckedAccount } from "../credentials.ts";
import { FirestoreError } from "../firestore-error.ts";

/** Asks Google for a token of the account, or of the machine's own. It is asked for once, and lasts an hour. */
export function googleToken(
  account: CheckedAccount | undefined,
  projectId: string,
): () => Promise<string> {
  let token: Promise<string> | undefined;
  return async () => {
    token ??= askToken(account, projectId);
    return await token;
  };
}

async function askToken(account: CheckedAccount | undefined, projectId: string): Promise<string> {
  const { applicationDefault, cert } = await import("firebase-admin/app");
  const credential = account
    ? cert({ projectId, clientEmail: account.clientEmail, privateKey: account.privateKey() })
    : applicationDefault();
  const { access_token: token } = await credential.getAccessToken();
  if (token) return token;
  throw new FirestoreError("AUTHENTICATION_FAILED", "Google gave no token for the account.", {
    hint: "Is the key still active, and is the clock of this machine right?",
  });
}
