import { scrypt } from "node:crypto";
import { blake2b } from "./blake2b.ts";
import {
  decodeSecretKey,
  formatSecretKey,
  notASigningKey,
  secretPartStart,
} from "./signing-key.ts";

interface ScryptCost {
  readonly N: number;
  readonly r: number;
  readonly p: number;
}

const maxMemoryBytes = 2 ** 30;

/** The largest power of two that is at most `most`, but 2 at least. */
function powerBelow(most: number): number {
  let power = 2;
  while (power * 2 <= most) power *= 2;
  return power;
}

/** How libsodium turns its two limits into scrypt's numbers (`pickparams` of crypto_pwhash_scryptsalsa208sha256). */
function costOf(operations: number, memoryBytes: number): ScryptCost {
  const r = 8;
  const limit = Math.max(operations, 32_768);
  if (limit < memoryBytes / 32) return { N: powerBelow(limit / (r * 4)), r, p: 1 };
  const N = powerBelow(memoryBytes / (r * 128));
  return { N, r, p: Math.max(1, Math.floor(Math.floor(limit / 4 / N) / r)) };
}

async function deriveMask(password: string, salt: Uint8Array, cost: ScryptCost): Promise<Buffer> {
  const maxmem = 128 * cost.N * cost.r + 128 * cost.r * cost.p + 2 ** 20;
  return await new Promise((resolve, reject) => {
    scrypt(password, salt, 104, { ...cost, maxmem }, (error, mask) => {
      if (error) reject(error);
      else resolve(mask);
    });
  });
}

/**
 * A secret key of minisign without its password: the text of a file that is not encrypted. One that is not encrypted comes back as it
 * is. With minisign's own choice, scrypt takes 1 GiB of memory for some seconds.
 *
 * @throws {BackupError} INVALID_KEY when it is not one, or the password is another. Neither is shown.
 */
export async function decryptSigningKey(text: string, password: string): Promise<string> {
  const bytes = decodeSecretKey(text);
  if (bytes.readUInt16LE(2) === 0) return text;
  if (bytes.toString("latin1", 2, 6) !== "ScB2") {
    throw notASigningKey("it is encrypted in a way that is not known");
  }
  const operations = bytes.readBigUInt64LE(38);
  const memoryBytes = bytes.readBigUInt64LE(46);
  if (memoryBytes > maxMemoryBytes || operations > 2 ** 28) {
    throw notASigningKey(
      "opening it would take more memory or time than any key of minisign needs",
    );
  }
  const cost = costOf(Number(operations), Number(memoryBytes));
  const mask = await deriveMask(password, bytes.subarray(6, 38), cost);
  const secret = bytes.subarray(secretPartStart).map((byte, at) => byte ^ (mask[at] ?? 0));
  const key = secret.subarray(0, 72);
  const checksum = blake2b(Buffer.concat([bytes.subarray(0, 2), key]), 32);
  if (!checksum.equals(secret.subarray(72))) {
    throw notASigningKey(
      "the password is wrong, or it is damaged",
      "Give the password of this key.",
    );
  }
  return formatSecretKey(key);
}
