import { BackupError } from "../backup-error.ts";
import { ageMagic, parseHeader } from "./age-header.ts";
import type { AgeIdentity } from "./age-keys.ts";
import { StreamOpener, streamNonceBytes } from "./age-stream.ts";
import { unwrapFileKey } from "./x25519-stanza.ts";

/** Opens one file in the age v1 format, as its bytes come. https://age-encryption.org/v1 */
export interface AgeDecryptor {
  /**
   * Plain bytes, in pieces; may be nothing. They are genuine, but only `final` tells that they are all.
   *
   * @throws {BackupError} CORRUPT when the bytes are not a file of age or were changed; WRONG_KEY when none of the
   * identities opens it.
   */
  update(sealed: Uint8Array): readonly Uint8Array[];
  /** The last plain bytes. @throws {BackupError} CORRUPT when the file was cut or changed; WRONG_KEY */
  final(): readonly Uint8Array[];
}

// Room for several hundred recipients. Without a limit, a file that is all header would be held in memory.
const maxHeaderBytes = 64 * 1024;

function corrupt(why: string): BackupError {
  return new BackupError("CORRUPT", `The encrypted file is damaged: ${why}.`, {
    hint: "Take another copy of it, or another backup.",
  });
}

function fileKeyOf(header: string, identities: readonly AgeIdentity[]): Buffer {
  const parsed = parseHeader(header);
  if (parsed === undefined) throw corrupt("its header is not one of age v1");
  const { stanzas } = parsed;
  if (stanzas.length > 1 && stanzas.some(({ args }) => args[0] === "scrypt")) {
    throw corrupt("its header has a passphrase beside other keys");
  }
  // Every stanza is looked at, also behind the one that fits: a malformed one makes the header invalid.
  const results = stanzas
    .filter(({ args }) => args[0] === "X25519")
    .map((stanza) => unwrapFileKey(stanza, identities));
  if (results.includes("malformed")) throw corrupt("its header has a malformed key");
  const fileKey = results.find((result) => typeof result !== "string");
  if (fileKey === undefined) {
    throw new BackupError("WRONG_KEY", "None of the identities opens this file.", {
      hint: "Give the identity (`AGE-SECRET-KEY-1…`) of one of the recipients that the backup names.",
    });
  }
  if (!parsed.isGenuine(fileKey)) throw corrupt("its header was changed");
  return fileKey;
}

class HeaderFirst implements AgeDecryptor {
  readonly #identities: readonly AgeIdentity[];
  #head: Buffer = Buffer.alloc(0);
  #opener: StreamOpener | undefined;

  constructor(identities: readonly AgeIdentity[]) {
    this.#identities = identities;
  }

  update(sealed: Uint8Array): readonly Uint8Array[] {
    const out: Uint8Array[] = [];
    if (this.#opener !== undefined) this.#open(this.#opener, sealed, out);
    else this.#readHead(sealed, out);
    return out;
  }

  final(): readonly Uint8Array[] {
    if (this.#opener === undefined) throw corrupt("it ends within its header");
    const out: Uint8Array[] = [];
    if (!this.#opener.final(out)) throw corrupt("its last bytes are missing or were changed");
    return out;
  }

  #open(opener: StreamOpener, sealed: Uint8Array, out: Uint8Array[]): void {
    if (!opener.update(sealed, out)) throw corrupt("its bytes were changed");
  }

  #readHead(sealed: Uint8Array, out: Uint8Array[]): void {
    const searchedBytes = Math.max(0, this.#head.length - 128);
    this.#head = Buffer.concat([this.#head, sealed]);
    const magic = this.#head.subarray(0, ageMagic.length);
    if (!magic.equals(ageMagic.subarray(0, magic.length))) {
      throw corrupt("it does not begin as a file of age does");
    }
    const end = this.#headerEnd(searchedBytes);
    if (end === 0 || end > maxHeaderBytes) {
      if (this.#head.length > maxHeaderBytes) throw corrupt("its header does not end");
      return;
    }
    const start = end + streamNonceBytes;
    if (this.#head.length < start) return;
    const fileKey = fileKeyOf(this.#head.toString("latin1", 0, end), this.#identities);
    this.#opener = new StreamOpener(fileKey, this.#head.subarray(end, start));
    const rest = this.#head.subarray(start);
    this.#head = Buffer.alloc(0);
    this.#open(this.#opener, rest, out);
  }

  /** Where the payload begins; 0 as long as the header has no end. */
  #headerEnd(from: number): number {
    const macLine = this.#head.indexOf("\n---", from, "latin1");
    return macLine === -1 ? 0 : this.#head.indexOf("\n", macLine + 1, "latin1") + 1;
  }
}

/** Starts to open a file with the first identity that fits. */
export function createAgeDecryptor(identities: readonly AgeIdentity[]): AgeDecryptor {
  return new HeaderFirst(identities);
}
