import { randomBytes } from "node:crypto";
import { BackupError } from "../backup-error.ts";
import { signMessage } from "../minisign/sign-message.ts";
import { parseSigningKey } from "../minisign/signing-key.ts";
import { parseTrustedKey } from "../minisign/trusted-key.ts";
import { verifySignature } from "../minisign/verify-signature.ts";
import type { KeyProblem } from "./key-problem.ts";

/** What a signing key is worth. */
export interface SigningReport {
  /** Its public key, base64. */
  readonly publicKey: string;
  /** In hexadecimal, as minisign shows it. */
  readonly keyId: string;
  /** True when one of the trusted keys verified what it signed. */
  readonly trusted: boolean;
}

/** Signs something and verifies it. */
export function verifySigning(
  signingKey: string | undefined,
  publicKeys: readonly string[],
): { readonly report: SigningReport | null; readonly problems: readonly KeyProblem[] } {
  try {
    // Also where nothing signs: a key that is trusted must be one.
    publicKeys.forEach(parseTrustedKey);
    if (signingKey === undefined) return { report: null, problems: [] };
    const { publicKey } = parseSigningKey(signingKey);
    const { keyId } = parseTrustedKey(publicKey);
    const trusted = isTrusted(signingKey, publicKeys);
    return {
      report: { publicKey, keyId, trusted },
      problems: trusted ? [] : [notTrusted(keyId)],
    };
  } catch (error) {
    if (!(error instanceof BackupError)) throw error;
    const { message, hint = "" } = error;
    return { report: null, problems: [{ severity: "error", message, hint }] };
  }
}

function isTrusted(secretKey: string, publicKeys: readonly string[]): boolean {
  const message = randomBytes(100);
  const signature = signMessage({ message, secretKey, trustedComment: "ctb-data keys verify" });
  try {
    verifySignature({ message, signature, publicKeys });
    return true;
  } catch (error) {
    if (error instanceof BackupError && error.code === "BAD_SIGNATURE") return false;
    throw error;
  }
}

function notTrusted(keyId: string): KeyProblem {
  return {
    severity: "error",
    message: `The public key of the signing key (${keyId}) is not among the trusted ones.`,
    hint: "Add its public key to them, or sign with the key that they are of.",
  };
}
