import type { KeyObject } from "node:crypto";
import { BackupError } from "../backup-error.ts";
import { ed25519PublicKey } from "./ed25519.ts";
import { decodeBase64, keyIdOf, keyLine } from "./minisign-text.ts";

/** A public key whose signatures count. */
export interface TrustedKey {
  /** Base64: what `minisign -V -P` takes. */
  readonly text: string;
  /** In hexadecimal, as minisign shows it. */
  readonly keyId: string;
  readonly keyNumber: Buffer;
  readonly publicKey: KeyObject;
}

const publicKeyBytes = 42;

/** The text of a public key, base64. */
export function formatPublicKey(keyNumber: Uint8Array, publicBytes: Uint8Array): string {
  return Buffer.concat([Buffer.from("Ed"), keyNumber, publicBytes]).toString("base64");
}

function notATrustedKey(text: string): BackupError {
  // A secret key's file begins so, encrypted (`EdSc`) or not (`Ed\0\0`).
  const isSecret = /RWRTY0Iy|RWQAAEIy/u.test(text) || /secret/iu.test(text);
  return isSecret
    ? new BackupError(
        "INVALID_KEY",
        "A secret key stands where a public key of minisign belongs.",
        {
          hint: "Put the public key there, `RW…` with 56 characters: `minisign -R` writes it. If others can read that place, make a new pair.",
        },
      )
    : new BackupError("INVALID_KEY", "What was given is not a public key of minisign.", {
        hint: "It is the second line of the .pub file: `RW…` with 56 characters.",
      });
}

/**
 * A public key, from the text of its file or its second line alone.
 *
 * @throws {BackupError} INVALID_KEY when it is not one; it is not shown, for it might be a secret one.
 */
export function parseTrustedKey(text: string): TrustedKey {
  const line = keyLine(text);
  const bytes = decodeBase64(line, publicKeyBytes);
  if (bytes === undefined || bytes.toString("latin1", 0, 2) !== "Ed") throw notATrustedKey(text);
  const keyNumber = bytes.subarray(2, 10);
  return {
    text: line,
    keyId: keyIdOf(keyNumber),
    keyNumber,
    publicKey: ed25519PublicKey(bytes.subarray(10)),
  };
}
