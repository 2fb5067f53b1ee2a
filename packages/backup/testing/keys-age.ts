import { createAgeDecryptor } from "../src/age/age-decryptor.ts";
import { createAgeEncryptor } from "../src/age/age-encryptor.ts";
import { parseIdentity, parseRecipient } from "../src/age/age-keys.ts";

/** A whole file, written in pieces of some length. */
export function encryptWhole(
  plain: Uint8Array,
  recipients: readonly string[],
  pieceBytes: number = plain.length,
): Buffer {
  const encryptor = createAgeEncryptor(recipients.map(parseRecipient));
  const pieces = cut(plain, pieceBytes).flatMap((piece) => encryptor.update(piece));
  return Buffer.concat([...pieces, ...encryptor.final()]);
}

/** What is given out of a file before it ends, or before it turns out to be wrong. */
export interface Decrypted {
  readonly plain: Buffer;
  /** What was thrown. */
  readonly error: unknown;
}

/** A whole file, read in pieces of some length. */
export function decryptWhole(
  sealed: Uint8Array,
  identities: readonly string[],
  pieceBytes: number = sealed.length,
): Decrypted {
  const decryptor = createAgeDecryptor(identities.map(parseIdentity));
  const plain: Uint8Array[] = [];
  try {
    for (const piece of cut(sealed, pieceBytes)) plain.push(...decryptor.update(piece));
    plain.push(...decryptor.final());
    return { plain: Buffer.concat(plain), error: undefined };
  } catch (error) {
    return { plain: Buffer.concat(plain), error };
  }
}

function cut(bytes: Uint8Array, pieceBytes: number): readonly Uint8Array[] {
  const pieces = [];
  for (let start = 0; start < bytes.length; start += pieceBytes) {
    pieces.push(bytes.subarray(start, start + pieceBytes));
  }
  return pieces;
}
