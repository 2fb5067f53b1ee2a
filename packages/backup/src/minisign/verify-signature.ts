import { createHash, type KeyObject, verify } from "node:crypto";
import { BackupError } from "../backup-error.ts";
import { decodeBase64, keyIdOf } from "./minisign-text.ts";
import { parseTrustedKey } from "./trusted-key.ts";

export interface VerifySignatureOptions {
  readonly message: Uint8Array;
  /** The text of the .minisig file. */
  readonly signature: string;
  /** Keys whose signatures count: each the text of its file, or its second line. */
  readonly publicKeys: readonly string[];
}

/** Whose signature it is, and what it says. */
export interface VerifiedSignature {
  /** The key that made it, base64. */
  readonly publicKey: string;
  /** In hexadecimal, as minisign shows it. */
  readonly keyId: string;
  /** The line that is signed together with the message. */
  readonly trustedComment: string;
}

interface ParsedSignature {
  readonly isPrehashed: boolean;
  readonly keyNumber: Buffer;
  readonly signature: Buffer;
  readonly trustedComment: string;
  readonly overall: Buffer;
}

function badSignature(why: string): BackupError {
  return new BackupError("BAD_SIGNATURE", `The signature does not count: ${why}.`, {
    hint: "Compare with another copy. If the keys were changed on purpose, name the old public key among the trusted ones as well.",
  });
}

function parseSignature(text: string): ParsedSignature {
  const match =
    /^untrusted comment: [^\n]*\n([^\n]+)\ntrusted comment: ([^\n]*)\n([^\n]+)\n?$/u.exec(text);
  const [, headText = "", trustedComment = "", overallText = ""] = match ?? [];
  const head = decodeBase64(headText, 74);
  const overall = decodeBase64(overallText, 64);
  const algorithm = head?.toString("latin1", 0, 2);
  if (head === undefined || overall === undefined || (algorithm !== "ED" && algorithm !== "Ed")) {
    throw badSignature("it is not one of minisign");
  }
  return {
    isPrehashed: algorithm === "ED",
    keyNumber: head.subarray(2, 10),
    signature: head.subarray(10),
    trustedComment,
    overall,
  };
}

function isGenuine(message: Uint8Array, parsed: ParsedSignature, key: KeyObject): boolean {
  const { isPrehashed, signature, trustedComment, overall } = parsed;
  const signed = isPrehashed ? createHash("blake2b512").update(message).digest() : message;
  const covered = Buffer.concat([signature, Buffer.from(trustedComment)]);
  return verify(null, signed, key, signature) && verify(null, covered, key, overall);
}

/**
 * Checks a signature of minisign over a message: that it is of one of the keys, and its trusted comment with it. Prehashed ones
 * (`ED`) and those of old versions (`Ed`) count alike.
 *
 * @throws {BackupError} BAD_SIGNATURE when it is wrong, or of no key that was given; INVALID_KEY when a key is not one.
 */
export function verifySignature(options: VerifySignatureOptions): VerifiedSignature {
  const keys = options.publicKeys.map(parseTrustedKey);
  const parsed = parseSignature(options.signature);
  const named = keys.filter(({ keyNumber }) => keyNumber.equals(parsed.keyNumber));
  if (named.length === 0) {
    throw badSignature(`it is of the key ${keyIdOf(parsed.keyNumber)}, which is not trusted`);
  }
  const key = named.find(({ publicKey }) => isGenuine(options.message, parsed, publicKey));
  if (key === undefined) throw badSignature("what is signed was changed, or the signature was");
  return { publicKey: key.text, keyId: key.keyId, trustedComment: parsed.trustedComment };
}
