import { createHash, sign } from "node:crypto";
import { BackupError } from "../backup-error.ts";
import { parseSigningKey } from "./signing-key.ts";

export interface SignMessageOptions {
  readonly message: Uint8Array;
  /** A secret key of minisign, not encrypted: the text of its file, or its second line. */
  readonly secretKey: string;
  /** One line that is signed too: what the message is, so that a signature cannot serve for something else. */
  readonly trustedComment: string;
}

// minisign 0.11 reads no more, with the prefix and the newline.
const maxCommentBytes = 8000;

/**
 * A signature as `minisign -S` writes it, prehashed (`ED`): the text of the .minisig file. The same message, key and comment give the
 * same text.
 *
 * @throws {BackupError} INVALID_KEY; INVALID_OPTIONS when the comment is not one line of at most 8,000 bytes.
 */
export function signMessage(options: SignMessageOptions): string {
  const { message, secretKey, trustedComment } = options;
  const comment = Buffer.from(trustedComment);
  if (/\p{Cc}/u.test(trustedComment) || comment.length > maxCommentBytes) {
    throw new BackupError("INVALID_OPTIONS", "The trusted comment is not one line.", {
      hint: `Give at most ${maxCommentBytes} bytes without control characters.`,
    });
  }
  const { keyNumber, privateKey } = parseSigningKey(secretKey);
  const digest = createHash("blake2b512").update(message).digest();
  const signature = sign(null, digest, privateKey);
  const head = Buffer.concat([Buffer.from("ED"), keyNumber, signature]);
  const overall = sign(null, Buffer.concat([signature, comment]), privateKey);
  return [
    "untrusted comment: signature from ctb-data",
    head.toString("base64"),
    `trusted comment: ${trustedComment}`,
    overall.toString("base64"),
    "",
  ].join("\n");
}
