import { randomBytes } from "node:crypto";
import { BackupError } from "../backup-error.ts";
import { type AgeStanza, formatHeader } from "./age-header.ts";
import type { AgeRecipient } from "./age-keys.ts";
import { StreamSealer, streamNonceBytes } from "./age-stream.ts";
import { wrapFileKey } from "./x25519-stanza.ts";

/** Encrypts one file in the age v1 format, as its bytes come. https://age-encryption.org/v1 */
export interface AgeEncryptor {
  /** What is to be written next, in pieces; may be nothing. `plain` may be changed afterwards. */
  update(plain: Uint8Array): readonly Uint8Array[];
  /** The last bytes of the file. */
  final(): readonly Uint8Array[];
}

function stanzaFor(fileKey: Uint8Array, recipient: AgeRecipient): AgeStanza {
  const stanza = wrapFileKey(fileKey, recipient);
  if (stanza !== undefined) return stanza;
  throw new BackupError("INVALID_KEY", `The recipient "${recipient.text}" is not a safe key.`, {
    hint: "It is a point of low order, that no program makes. Use another key.",
  });
}

/**
 * Starts a file that each of the recipients can open.
 *
 * @throws {BackupError} NO_RECIPIENT, INVALID_KEY
 */
export function createAgeEncryptor(recipients: readonly AgeRecipient[]): AgeEncryptor {
  if (recipients.length === 0) {
    throw new BackupError("NO_RECIPIENT", "There is nobody to encrypt to.", {
      hint: "Give at least one recipient, `age1…`; `ctb-data backup keys create` makes a pair.",
    });
  }
  const fileKey = randomBytes(16);
  const nonce = randomBytes(streamNonceBytes);
  const stanzas = recipients.map((recipient) => stanzaFor(fileKey, recipient));
  let pending: Uint8Array[] = [formatHeader(stanzas, fileKey), nonce];
  const sealer = new StreamSealer(fileKey, nonce);
  const take = (): readonly Uint8Array[] => {
    const taken = pending;
    pending = [];
    return taken;
  };
  return {
    update: (plain) => {
      sealer.update(plain, pending);
      return take();
    },
    final: () => {
      sealer.final(pending);
      return take();
    },
  };
}
