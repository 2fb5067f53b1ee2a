import { createHash } from "node:crypto";
import { pipeline } from "node:stream/promises";
import { constants, createZstdDecompress } from "node:zlib";
import { createAgeDecryptor } from "../age/age-decryptor.ts";
import type { AgeIdentity } from "../age/age-keys.ts";
import { BackupError } from "../backup-error.ts";
import type { Storage } from "../storage/storage.ts";
import { corruptPart } from "./corrupt-part.ts";
import type { PartRecord } from "./part.ts";
import { StoredBytes } from "./stored-bytes.ts";

export interface ReadPartOptions {
  readonly storage: Pick<Storage, "openRead">;
  readonly folder: string;
  readonly identities: readonly AgeIdentity[];
  readonly part: PartRecord;
  readonly signals: readonly AbortSignal[];
}

const outputBytes = 256 * 1024;
// The largest that levels up to 19 write. zstd's own limit would let a bad part take 128 MiB.
const windowLogMax = 23;

const zstdOptions = {
  chunkSize: outputBytes,
  highWaterMark: 2 * outputBytes,
  params: { [constants.ZSTD_d_windowLogMax]: windowLogMax },
};

function openStoredBytes({ part, identities }: ReadPartOptions): StoredBytes {
  if (part.key.endsWith(".zst.age")) {
    if (identities.length === 0) {
      throw new BackupError("WRONG_KEY", `${part.key} is encrypted, and no identity was given.`, {
        key: part.key,
        hint: "Give the identity (`AGE-SECRET-KEY-1…`) of one of the recipients that the backup names.",
      });
    }
    return new StoredBytes(part, createAgeDecryptor(identities));
  }
  if (part.key.endsWith(".zst")) return new StoredBytes(part, undefined);
  throw corruptPart(part, "its key ends neither in .zst nor in .zst.age");
}

/** Names the part in an error of age; what zstd says means that the bytes are wrong. */
function namePart(part: PartRecord, error: unknown): unknown {
  if (error instanceof BackupError) {
    const { code, message, hint, key } = error;
    return key === undefined && (code === "CORRUPT" || code === "WRONG_KEY")
      ? new BackupError(code, `${part.key}: ${message}`, { key: part.key, hint, cause: error })
      : error;
  }
  const isOfZstd =
    error instanceof Error && "code" in error && /^(?:ZSTD_|Z_)/u.test(String(error.code));
  return isOfZstd ? corruptPart(part, "zstd cannot decompress it", error) : error;
}

async function* decrypt(
  stored: AsyncIterable<Buffer>,
  bytes: StoredBytes,
): AsyncGenerator<Uint8Array, void> {
  let wrongKey: BackupError | undefined;
  for await (const chunk of stored) {
    try {
      const compressed = wrongKey === undefined ? bytes.update(chunk) : bytes.skip(chunk);
      if (compressed.length > 0) yield compressed;
    } catch (error) {
      if (!(error instanceof BackupError && error.code === "WRONG_KEY")) throw error;
      // A damaged header looks like one for somebody else: the hash of what is stored tells which it is.
      wrongKey = error;
    }
  }
  const last = bytes.final(wrongKey);
  if (last.length > 0) yield last;
}

async function* checkPlain(
  part: PartRecord,
  plain: AsyncIterable<Buffer>,
): AsyncGenerator<Buffer, void> {
  const hash = createHash("sha256");
  let plainBytes = 0;
  for await (const chunk of plain) {
    plainBytes += chunk.length;
    if (plainBytes > part.plainBytes) {
      throw corruptPart(part, `it holds more than its ${part.plainBytes} bytes`);
    }
    hash.update(chunk);
    yield chunk;
  }
  if (plainBytes !== part.plainBytes) {
    throw corruptPart(part, `it holds ${plainBytes} bytes of ${part.plainBytes}`);
  }
  if (hash.digest("hex") !== part.plainSha256) {
    throw corruptPart(part, "the SHA-256 of what it holds is another");
  }
}

function mustGoOn(part: PartRecord, signal: AbortSignal): void {
  if (!signal.aborted) return;
  throw new BackupError("CANCELLED", `Reading ${part.key} was stopped.`, {
    key: part.key,
    cause: signal.reason,
  });
}

/** The plain bytes of a part, every one of them checked: see `PartSource.read`. */
export async function* readPart(options: ReadPartOptions): AsyncGenerator<Uint8Array, void> {
  const { storage, folder, part, signals } = options;
  const signal = AbortSignal.any([...signals]);
  mustGoOn(part, signal);
  const bytes = openStoredBytes(options);
  const stored = await storage.openRead(`${folder}${part.key}`, { signal });
  const plain = createZstdDecompress(zstdOptions);
  let failure: unknown;
  const feeding = pipeline(stored, (source) => decrypt(source, bytes), plain, { signal }).catch(
    (error: unknown) => {
      failure = error;
    },
  );
  try {
    yield* checkPlain(part, plain);
  } catch (error) {
    plain.destroy();
    await feeding;
    mustGoOn(part, signal);
    throw namePart(part, error instanceof BackupError ? error : (failure ?? error));
  } finally {
    // Also where the reader stopped early.
    plain.destroy();
    stored.destroy();
    await feeding;
  }
}
