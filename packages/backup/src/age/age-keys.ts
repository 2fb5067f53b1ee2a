import { generateKeyPairSync, type KeyObject } from "node:crypto";
import { BackupError } from "../backup-error.ts";
import { decodeBech32, encodeBech32 } from "./bech32.ts";
import { x25519PrivateKey, x25519PublicBytes, x25519PublicKey } from "./x25519.ts";

/** A public key that a file is encrypted to. */
export interface AgeRecipient {
  /** `age1…` */
  readonly text: string;
  /** The 32 bytes of the X25519 key. */
  readonly bytes: Uint8Array;
  readonly publicKey: KeyObject;
}

/** A secret key that opens files. It has no text of its own, so that it cannot end in a message. */
export interface AgeIdentity {
  readonly recipient: AgeRecipient;
  readonly privateKey: KeyObject;
}

function isSecret(text: string): boolean {
  return /secret[-_ ]?key/iu.test(text);
}

function notARecipient(text: string): BackupError {
  if (isSecret(text)) {
    return new BackupError("INVALID_KEY", "A secret key stands where a recipient belongs.", {
      hint: "Put the public key there, `age1…`: `age-keygen -y` prints it. If others can read that place, the secret key is known to them: make a new pair.",
    });
  }
  const shown = /^age1[a-z0-9]{1,100}$/u.test(text) ? ` "${text}"` : "";
  return new BackupError("INVALID_KEY", `The recipient${shown} is not an age X25519 public key.`, {
    hint: "It looks like `age1…`, has 62 characters and is in lower case. Keys of ssh, of plugins and post-quantum ones (`age1pq1…`) cannot be used.",
  });
}

/**
 * A recipient from its text. White space around it does not matter.
 *
 * @throws {BackupError} INVALID_KEY when it is not one. What was given is shown only if it looks like a public key.
 */
export function parseRecipient(text: string): AgeRecipient {
  const trimmed = text.trim();
  const decoded = decodeBech32(trimmed);
  if (decoded?.prefix !== "age" || decoded.bytes.length !== 32) throw notARecipient(trimmed);
  return { text: trimmed, bytes: decoded.bytes, publicKey: x25519PublicKey(decoded.bytes) };
}

function identityOf(privateKey: KeyObject): AgeIdentity {
  const bytes = Uint8Array.from(x25519PublicBytes(privateKey));
  const text = encodeBech32("age", bytes);
  return { privateKey, recipient: { text, bytes, publicKey: x25519PublicKey(bytes) } };
}

function notAnIdentity(text: string, where: string): BackupError {
  if (/^age1[a-z0-9]+$/u.test(text)) {
    return new BackupError("INVALID_KEY", `${where} is a public key, not a secret one.`, {
      hint: "Opening a backup needs the identity, `AGE-SECRET-KEY-1…`.",
    });
  }
  const armored = text.startsWith("-----BEGIN AGE") || text.startsWith("age-encryption.org/");
  return new BackupError("INVALID_KEY", `${where} is not an age X25519 identity.`, {
    hint: armored
      ? "It is encrypted: open it with `age -d` first."
      : "It looks like `AGE-SECRET-KEY-1…`, has 74 characters and is in upper case. Keys of ssh and of plugins cannot be used.",
  });
}

function parseLine(text: string, where: string): AgeIdentity {
  const decoded = decodeBech32(text);
  if (decoded?.prefix !== "AGE-SECRET-KEY-" || decoded.bytes.length !== 32) {
    throw notAnIdentity(text, where);
  }
  return identityOf(x25519PrivateKey(decoded.bytes));
}

/**
 * One identity, `AGE-SECRET-KEY-1…`. White space around it does not matter.
 *
 * @throws {BackupError} INVALID_KEY when it is not one; it is never shown.
 */
export function parseIdentity(text: string): AgeIdentity {
  return parseLine(text.trim(), "What was given as an identity");
}

/**
 * The identities of a file as `age-keygen` writes it: one a line; lines that are empty or begin with `#` do not count.
 *
 * @throws {BackupError} INVALID_KEY when a line is not one, or there is none. Names the line, never shows it.
 */
export function parseIdentities(text: string): readonly AgeIdentity[] {
  const identities: AgeIdentity[] = [];
  for (const [index, line] of text.split(/\r?\n/u).entries()) {
    const trimmed = line.trim();
    if (trimmed === "" || trimmed.startsWith("#")) continue;
    identities.push(parseLine(trimmed, `Line ${index + 1} of the identity file`));
  }
  if (identities.length === 0) {
    throw new BackupError("INVALID_KEY", "The identity file holds no identity.", {
      hint: "It must have a line that begins with `AGE-SECRET-KEY-1`.",
    });
  }
  return identities;
}

/** The public key, `age1…`, of a secret one. @throws {BackupError} INVALID_KEY */
export function recipientOf(identity: string): string {
  return parseIdentity(identity).recipient.text;
}

/** A new secret key, `AGE-SECRET-KEY-1…`. */
export function generateIdentity(): string {
  const { privateKey } = generateKeyPairSync("x25519");
  const bytes = privateKey.export({ format: "der", type: "pkcs8" }).subarray(-32);
  return encodeBech32("age-secret-key-", bytes).toUpperCase();
}
