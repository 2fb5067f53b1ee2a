import { createPrivateKey, createPublicKey, diffieHellman, type KeyObject } from "node:crypto";

// RFC 8410: what stands before the 32 bytes of a key in PKCS #8 and in SubjectPublicKeyInfo.
const privatePrefix = Buffer.from("302e020100300506032b656e04220420", "hex");
const publicPrefix = Buffer.from("302a300506032b656e032100", "hex");

/** A secret key from its 32 bytes. */
export function x25519PrivateKey(bytes: Uint8Array): KeyObject {
  return createPrivateKey({
    key: Buffer.concat([privatePrefix, bytes]),
    format: "der",
    type: "pkcs8",
  });
}

/** A public key from its 32 bytes. */
export function x25519PublicKey(bytes: Uint8Array): KeyObject {
  return createPublicKey({
    key: Buffer.concat([publicPrefix, bytes]),
    format: "der",
    type: "spki",
  });
}

/** The 32 bytes of the public key that belongs to a key. */
export function x25519PublicBytes(key: KeyObject): Buffer {
  const publicKey = key.type === "private" ? createPublicKey(key) : key;
  return publicKey.export({ format: "der", type: "spki" }).subarray(publicPrefix.length);
}

/** The shared secret; undefined for a public key of low order, whose secret everybody knows. */
export function x25519SharedSecret(
  privateKey: KeyObject,
  publicKey: KeyObject,
): Buffer | undefined {
  let secret: Buffer;
  try {
    secret = diffieHellman({ privateKey, publicKey });
  } catch {
    // OpenSSL refuses such a key by itself.
    return undefined;
  }
  return secret.some((byte) => byte !== 0) ? secret : undefined;
}
