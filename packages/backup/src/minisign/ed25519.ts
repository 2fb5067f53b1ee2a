import { createPrivateKey, createPublicKey, type KeyObject } from "node:crypto";

// RFC 8410: what stands before the 32 bytes of a key in PKCS #8 and in SubjectPublicKeyInfo.
const privatePrefix = Buffer.from("302e020100300506032b657004220420", "hex");
const publicPrefix = Buffer.from("302a300506032b6570032100", "hex");

/** A secret key from its seed of 32 bytes. */
export function ed25519PrivateKey(seed: Uint8Array): KeyObject {
  const key = Buffer.concat([privatePrefix, seed]);
  return createPrivateKey({ key, format: "der", type: "pkcs8" });
}

/** A public key from its 32 bytes. */
export function ed25519PublicKey(bytes: Uint8Array): KeyObject {
  return createPublicKey({
    key: Buffer.concat([publicPrefix, bytes]),
    format: "der",
    type: "spki",
  });
}

/** The 32 bytes of the public key that belongs to a secret one. */
export function ed25519PublicBytes(privateKey: KeyObject): Buffer {
  const der = createPublicKey(privateKey).export({ format: "der", type: "spki" });
  return der.subarray(publicPrefix.length);
}
