import { createHash, hkdfSync } from "node:crypto";
import { ColumnCipher } from "./column-cipher.ts";
import { ModelError } from "./model-error.ts";

/** Where an encrypted value lives. Names as in PostgreSQL. */
export interface ColumnPlace {
  readonly table: string;
  readonly column: string;
}

/** One of the keys: its id, and what derives other keys from it. */
export interface RingKey {
  readonly id: string;
  /** 32 bytes by HKDF-SHA-256 with an empty salt. */
  readonly derive: (info: string) => Buffer;
}

/**
 * The keys of field encryption, newest first. The newest encrypts; all decrypt. It shows no key: not by
 * `JSON.stringify`, not by `console.log`.
 */
export class Keyring {
  readonly #keys: readonly [RingKey, ...RingKey[]];
  readonly #ciphers = new Map<string, ColumnCipher>();

  /** Use {@link parseKeyring}. */
  constructor(keys: readonly [RingKey, ...RingKey[]]) {
    this.#keys = keys;
  }

  /** The id of each key, newest first: 8 hexadecimal digits, as they stand in the ciphertexts. */
  get keyIds(): readonly string[] {
    return this.#keys.map((key) => key.id);
  }

  /**
   * The cipher of a column. `formerly` are the places that it had before its table or itself was renamed: what was
   * encrypted there can be read and looked up here.
   */
  cipherOf(place: ColumnPlace, formerly: readonly ColumnPlace[] = []): ColumnCipher {
    const name = JSON.stringify([place, ...formerly].map(({ table, column }) => [table, column]));
    const known = this.#ciphers.get(name);
    if (known !== undefined) return known;
    const cipher = new ColumnCipher(this.#keys, [place, ...formerly]);
    this.#ciphers.set(name, cipher);
    return cipher;
  }
}

/**
 * Reads the keys of `DATA_ENCRYPTION_KEY`: 32 bytes each in base64 (or base64url) or hexadecimal, separated by commas,
 * the newest first.
 *
 * @throws {ModelError} INVALID_KEYRING. It says which key and why, and nothing of it.
 */
export function parseKeyring(text: string): Keyring {
  const keys = text.split(",").map((part, index) => ringKey(parseKey(part.trim(), index + 1)));
  const [first, ...rest] = keys;
  if (first === undefined) throw invalid("is empty");
  if (new Set(keys.map((key) => key.id)).size < keys.length) throw invalid("has a key twice");
  return new Keyring([first, ...rest]);
}

function invalid(problem: string): ModelError {
  return new ModelError({
    code: "INVALID_KEYRING",
    message: `The encryption key ${problem}.`,
    hint: "Make one with: openssl rand -base64 32. Several are separated by commas, the newest first.",
  });
}

function parseKey(text: string, position: number): Buffer {
  if (text === "") throw invalid(`number ${position} is empty`);
  const isHex = /^[\da-f]{64}$/i.test(text);
  if (!isHex && !/^[\w+/-]{43}=?$/.test(text)) {
    throw invalid(
      `number ${position} is not 32 bytes in base64 or hexadecimal (a passphrase is not a key)`,
    );
  }
  const bytes = Buffer.from(text, isHex ? "hex" : "base64");
  if (bytes.length !== 32) throw invalid(`number ${position} is not 32 bytes`);
  if (new Set(bytes).size < 8) throw invalid(`number ${position} is not random`);
  return bytes;
}

function ringKey(bytes: Buffer): RingKey {
  const derive = (info: string): Buffer =>
    Buffer.from(hkdfSync("sha256", bytes, Buffer.alloc(0), Buffer.from(info, "utf8"), 32));
  const id = createHash("sha256").update(derive("kid")).digest("hex").slice(0, 8);
  return { id, derive };
}
