import { generateKeyPairSync, type KeyObject, randomBytes } from "node:crypto";
import { BackupError } from "../backup-error.ts";
import { ed25519PrivateKey, ed25519PublicBytes } from "./ed25519.ts";
import { decodeBase64, keyIdOf, keyLine } from "./minisign-text.ts";
import { formatPublicKey } from "./trusted-key.ts";

/** A pair to sign with, as minisign's own files. */
export interface SigningKeyPair {
  /** The text of the secret key's file, not encrypted, as `minisign -G -W` writes it. */
  readonly secretKey: string;
  /** The text of the public key's file. Its second line is what others are given. */
  readonly publicKeyFile: string;
  /** The public key, base64: what `minisign -V -P` takes. */
  readonly publicKey: string;
}

/** A secret key that can sign. */
export interface SigningKey {
  /** Eight bytes that a signature carries, to find its key by. */
  readonly keyNumber: Buffer;
  readonly privateKey: KeyObject;
  /** The public key, base64. */
  readonly publicKey: string;
}

/**
 * The fields of a secret key's file: algorithm `Ed`, how it is encrypted (`Sc` or two zeros), `B2`, 32 bytes of salt, two limits of
 * scrypt, then what may be encrypted: key number, seed, public key, checksum. https://jedisct1.github.io/minisign/#secret-key-format
 */
export const secretKeyBytes = 158;
/** Where the part begins that may be encrypted. */
export const secretPartStart = 54;
const comment = "untrusted comment: ";

export function notASigningKey(why: string, hint?: string): BackupError {
  return new BackupError("INVALID_KEY", `The signing key cannot be used: ${why}.`, {
    hint:
      hint ??
      "It is the secret key of minisign; `ctb-data backup keys create` and `minisign -G -W` make one.",
  });
}

/** The bytes of a secret key's file. @throws {BackupError} INVALID_KEY; shows nothing of it. */
export function decodeSecretKey(text: string): Buffer {
  const bytes = decodeBase64(keyLine(text), secretKeyBytes);
  if (bytes === undefined || bytes.toString("latin1", 0, 2) !== "Ed") {
    throw notASigningKey("it is not a secret key of minisign");
  }
  return bytes;
}

/** The text of the file of a secret key that may be given as its second line alone. @throws {BackupError} INVALID_KEY */
export function formatSigningKeyFile(text: string): string {
  return formatSecretKey(decodeSecretKey(text).subarray(secretPartStart));
}

/** The text of a secret key's file that is not encrypted. `secret`: key number, seed, public key. */
export function formatSecretKey(secret: Uint8Array): string {
  const bytes = Buffer.alloc(secretKeyBytes);
  bytes.write("Ed\0\0B2", "latin1");
  bytes.set(secret, secretPartStart);
  // As in minisign's own word for it, also where the key is not encrypted.
  return `${comment}minisign encrypted secret key\n${bytes.toString("base64")}\n`;
}

/**
 * A secret key, from the text of its file or its second line alone.
 *
 * @throws {BackupError} INVALID_KEY when it is not one, is damaged, or is encrypted. It is never shown.
 */
export function parseSigningKey(text: string): SigningKey {
  const bytes = decodeSecretKey(text);
  if (bytes.readUInt16LE(2) !== 0) {
    throw notASigningKey(
      "it is encrypted with a password",
      "`minisign -C -W` writes it without one; keep the file readable by its owner alone.",
    );
  }
  const keyNumber = bytes.subarray(secretPartStart, secretPartStart + 8);
  const privateKey = ed25519PrivateKey(bytes.subarray(secretPartStart + 8, secretPartStart + 40));
  const publicBytes = ed25519PublicBytes(privateKey);
  // What is signed with another public key than its own gives the secret key away.
  if (!publicBytes.equals(bytes.subarray(secretPartStart + 40, secretPartStart + 72))) {
    throw notASigningKey("its two halves do not belong together: it is damaged");
  }
  return { keyNumber, privateKey, publicKey: formatPublicKey(keyNumber, publicBytes) };
}

/** The public key, base64, of a secret one. @throws {BackupError} INVALID_KEY */
export function publicKeyOf(secretKey: string): string {
  return parseSigningKey(secretKey).publicKey;
}

/** A new pair. The secret key is not encrypted: a scheduler signs with it. */
export function generateSigningKey(): SigningKeyPair {
  const { privateKey } = generateKeyPairSync("ed25519");
  const seed = privateKey.export({ format: "der", type: "pkcs8" }).subarray(-32);
  const keyNumber = randomBytes(8);
  const publicBytes = ed25519PublicBytes(privateKey);
  const publicKey = formatPublicKey(keyNumber, publicBytes);
  return {
    secretKey: formatSecretKey(Buffer.concat([keyNumber, seed, publicBytes])),
    publicKey,
    publicKeyFile: `${comment}minisign public key ${keyIdOf(keyNumber)}\n${publicKey}\n`,
  };
}
