import { createCipheriv, createDecipheriv, createHmac, randomBytes } from "node:crypto";
import type { ColumnPlace, RingKey } from "./keyring.ts";
import { ModelError, type ModelErrorCode } from "./model-error.ts";

const version = "ctb1";
const ivBytes = 12;
const tagBytes = 16;
const loneSurrogate = /\p{Surrogate}/u;

/** How a value is looked up in an encrypted column. */
export interface BlindIndexOptions {
  /** What is done to a value before it is hashed. `trim`: NFKC, then no space around it; `lowercase`: that in lower case. */
  readonly normalize: "none" | "trim" | "lowercase";
  /** The length of the hash: 1 to 256. */
  readonly bits: number;
}

/** The keys of one column under one key of the ring. */
interface ColumnKeys {
  readonly id: string;
  /** The name of the place; NUL is in no name of PostgreSQL, so that no two places are the same. */
  readonly place: string;
  readonly encryption: Buffer;
  readonly index: Buffer;
}

/** Encrypts, decrypts and looks up the values of one column. */
export class ColumnCipher {
  readonly #place: ColumnPlace;
  /** The newest key at the present place is the first one. */
  readonly #keys: readonly ColumnKeys[];
  readonly #isRenamed: boolean;

  constructor(keys: readonly RingKey[], places: readonly [ColumnPlace, ...ColumnPlace[]]) {
    this.#place = places[0];
    this.#isRenamed = places.length > 1;
    this.#keys = places.flatMap(({ table, column }) =>
      keys.map((key) => {
        const place = `${table}\0${column}`;
        return {
          id: key.id,
          place,
          encryption: key.derive(`${version}\0field\0${place}`),
          index: key.derive(`${version}\0index\0${place}`),
        };
      }),
    );
  }

  /**
   * The ciphertext of a text under the newest key: `ctb1.<key id>.<base64url>`, another one each time.
   *
   * @throws {ModelError} INVALID_VALUE for half a surrogate pair, which UTF-8 does not have
   */
  encrypt(plaintext: string): string {
    if (loneSurrogate.test(plaintext))
      throw this.#error("INVALID_VALUE", "has half a surrogate pair");
    const keys = this.#newest();
    const iv = randomBytes(ivBytes);
    const cipher = createCipheriv("aes-256-gcm", keys.encryption, iv, { authTagLength: tagBytes });
    cipher.setAAD(associatedData(keys));
    const body = Buffer.concat([
      iv,
      cipher.update(plaintext, "utf8"),
      cipher.final(),
      cipher.getAuthTag(),
    ]);
    return `${version}.${keys.id}.${body.toString("base64url")}`;
  }

  #newest(): ColumnKeys {
    const [keys] = this.#keys;
    if (keys === undefined) throw this.#error("UNKNOWN_KEY", "has no key");
    return keys;
  }

  /**
   * The plaintext of a ciphertext of this column, under whichever key of the ring.
   *
   * @throws {ModelError} UNKNOWN_KEY, NOT_DECRYPTABLE
   */
  decrypt(ciphertext: string): string {
    const { keyId, body } = this.#parse(ciphertext);
    const candidates = this.#keys.filter((keys) => keys.id === keyId);
    if (candidates.length === 0) {
      throw this.#error(
        "UNKNOWN_KEY",
        `was encrypted with the key ${keyId}, which the keyring does not have`,
        "Append that key to DATA_ENCRYPTION_KEY, behind the newest one.",
      );
    }
    for (const keys of candidates) {
      const plaintext = decryptWith(keys, body);
      if (plaintext !== undefined) return plaintext;
    }
    throw this.#error(
      "NOT_DECRYPTABLE",
      "was changed, or belongs to another column",
      "Restore it from a backup; a column or table that was renamed needs renamed_from in the registry.",
    );
  }

  /**
   * Whether a ciphertext should be written again, because it is not of the newest key or of a name that the column or
   * its table had before.
   *
   * @throws {ModelError} NOT_DECRYPTABLE
   */
  isOutdated(ciphertext: string): boolean {
    const { keyId, body } = this.#parse(ciphertext);
    const newest = this.#newest();
    if (keyId !== newest.id) return true;
    return this.#isRenamed && decryptWith(newest, body) === undefined;
  }

  #parse(ciphertext: string): { readonly keyId: string; readonly body: Buffer } {
    const match = /^ctb1\.([\da-f]{8})\.([\w-]+)$/.exec(ciphertext);
    const [, keyId = "", encoded = ""] = match ?? [];
    const body = Buffer.from(encoded, "base64url");
    // One spelling only: base64 decoders drop what they do not understand.
    if (
      match === null ||
      body.toString("base64url") !== encoded ||
      body.length < ivBytes + tagBytes
    ) {
      throw this.#error(
        "NOT_DECRYPTABLE",
        "is not a ciphertext of the form ctb1.<key id>.<base64url>",
        "Was it written without encryption, or cut off?",
      );
    }
    return { keyId, body };
  }

  #error(code: ModelErrorCode, problem: string, hint?: string): ModelError {
    const { table, column } = this.#place;
    return new ModelError({
      code,
      message: `A value of ${table}.${column} ${problem}.`,
      table,
      column,
      ...(hint === undefined ? {} : { hint }),
    });
  }

  /** What is stored in the column of the blind index for a value. */
  blindIndex(plaintext: string, options: BlindIndexOptions): string {
    return indexOf(this.#newest(), plaintext, options);
  }

  /** What may be stored for a value, one for each key and place: for `where column in (…)`. The newest is the first. */
  blindIndexes(plaintext: string, options: BlindIndexOptions): readonly string[] {
    return [...new Set(this.#keys.map((keys) => indexOf(keys, plaintext, options)))];
  }
}

/** Binds a ciphertext to its format, key, table and column. */
function associatedData(keys: ColumnKeys): Buffer {
  return Buffer.from(`${version}\0${keys.id}\0${keys.place}`, "utf8");
}

function decryptWith(keys: ColumnKeys, body: Buffer): string | undefined {
  const iv = body.subarray(0, ivBytes);
  const decipher = createDecipheriv("aes-256-gcm", keys.encryption, iv, {
    authTagLength: tagBytes,
  });
  decipher.setAAD(associatedData(keys));
  decipher.setAuthTag(body.subarray(-tagBytes));
  const plaintext = decipher.update(body.subarray(ivBytes, -tagBytes));
  try {
    return Buffer.concat([plaintext, decipher.final()]).toString("utf8");
  } catch {
    return undefined;
  }
}

function indexOf(
  keys: ColumnKeys,
  plaintext: string,
  { normalize, bits }: BlindIndexOptions,
): string {
  const hash = createHmac("sha256", keys.index)
    .update(normalizeText(plaintext, normalize), "utf8")
    .digest();
  const kept = hash.subarray(0, Math.ceil(bits / 8));
  const spare = kept.length * 8 - bits;
  const last = kept.at(-1);
  if (last !== undefined) kept[kept.length - 1] = (last >> spare) << spare;
  return kept.toString("hex");
}

function normalizeText(text: string, normalize: BlindIndexOptions["normalize"]): string {
  if (normalize === "none") return text;
  const trimmed = text.normalize("NFKC").trim();
  return normalize === "trim" ? trimmed : trimmed.toLowerCase();
}
