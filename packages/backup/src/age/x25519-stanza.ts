import { createCipheriv, createDecipheriv, generateKeyPairSync, hkdfSync } from "node:crypto";
import { type AgeStanza, decodeCanonicalBase64, encodeBase64 } from "./age-header.ts";
import type { AgeIdentity, AgeRecipient } from "./age-keys.ts";
import { x25519PublicBytes, x25519PublicKey, x25519SharedSecret } from "./x25519.ts";

const fileKeyBytes = 16;
const tagBytes = 16;
// Each wrapping key is used once, so its nonce may be the same always.
const nonce = Buffer.alloc(12);
const cipher = "chacha20-poly1305";
const cipherOptions = { authTagLength: tagBytes };

function wrappingKey(shared: Uint8Array, share: Uint8Array, recipient: AgeRecipient): Buffer {
  const salt = Buffer.concat([share, recipient.bytes]);
  return Buffer.from(hkdfSync("sha256", shared, salt, "age-encryption.org/v1/X25519", 32));
}

/** The file key, for one recipient. https://age-encryption.org/v1#x25519-recipient-type */
export function wrapFileKey(fileKey: Uint8Array, recipient: AgeRecipient): AgeStanza | undefined {
  const ephemeral = generateKeyPairSync("x25519");
  const share = x25519PublicBytes(ephemeral.publicKey);
  const shared = x25519SharedSecret(ephemeral.privateKey, recipient.publicKey);
  if (shared === undefined) return undefined;
  const seal = createCipheriv(cipher, wrappingKey(shared, share, recipient), nonce, cipherOptions);
  const body = Buffer.concat([seal.update(fileKey), seal.final(), seal.getAuthTag()]);
  return { args: ["X25519", encodeBase64(share)], body };
}

/** Why a stanza does not give the file key: it is somebody else's, or it is not one at all. */
export type UnwrapFailure = "not-ours" | "malformed";

/** The file key out of a stanza of type `X25519`, by the first identity that it was made for. */
export function unwrapFileKey(
  stanza: AgeStanza,
  identities: readonly AgeIdentity[],
): Buffer | UnwrapFailure {
  const [, shareText, ...rest] = stanza.args;
  const share = shareText === undefined ? undefined : decodeCanonicalBase64(shareText);
  if (share?.length !== 32 || rest.length > 0) return "malformed";
  // A longer one could be made to fit two keys: the length is checked first.
  if (stanza.body.length !== fileKeyBytes + tagBytes) return "malformed";
  const publicKey = x25519PublicKey(share);
  for (const { privateKey, recipient } of identities) {
    const shared = x25519SharedSecret(privateKey, publicKey);
    if (shared === undefined) return "malformed";
    const fileKey = open(stanza.body, wrappingKey(shared, share, recipient));
    if (fileKey !== undefined) return fileKey;
  }
  return "not-ours";
}

function open(body: Buffer, key: Buffer): Buffer | undefined {
  const decipher = createDecipheriv(cipher, key, nonce, cipherOptions);
  decipher.setAuthTag(body.subarray(fileKeyBytes));
  try {
    return Buffer.concat([decipher.update(body.subarray(0, fileKeyBytes)), decipher.final()]);
  } catch {
    return undefined;
  }
}
