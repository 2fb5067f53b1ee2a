import { createHash } from "node:crypto";
import { BackupError } from "../src/backup-error.ts";
import type { PartRecord, PartSink, PartSource } from "../src/part/part.ts";

/** Parts in memory, as they are: what a test of documents needs of an archive. */
export interface MemoryParts {
  readonly sink: PartSink;
  readonly source: PartSource;
  /** By key. A test may damage them. */
  readonly contents: Map<string, Buffer>;
  /** How many parts were aborted. */
  readonly aborted: () => number;
}

const pieceBytes = 100_000;

export function createMemoryParts(): MemoryParts {
  const contents = new Map<string, Buffer>();
  let aborted = 0;
  const sink: PartSink = {
    open: async (name) => {
      if (contents.has(name)) throw new Error(`${name} is there already.`);
      const pieces: Buffer[] = [];
      return await Promise.resolve({
        write: async (chunk: Uint8Array) =>
          void (await Promise.resolve(pieces.push(Buffer.from(chunk)))),
        finish: async () => {
          const bytes = Buffer.concat(pieces);
          contents.set(name, bytes);
          return await Promise.resolve(recordOf(name, bytes));
        },
        abort: async () => void (await Promise.resolve((aborted += 1))),
      });
    },
  };
  const source: PartSource = {
    read: async function* (part) {
      const bytes = contents.get(part.key);
      if (bytes === undefined)
        throw new BackupError("NOT_FOUND", "There is no such part.", { key: part.key });
      for (let at = 0; at < bytes.length; at += pieceBytes) {
        yield bytes.subarray(at, at + pieceBytes);
        await Promise.resolve();
      }
      if (recordOf(part.key, bytes).sha256 !== part.sha256)
        throw new BackupError("CORRUPT", "The part is not what was written.", { key: part.key });
    },
  };
  return { sink, source, contents, aborted: () => aborted };
}

function recordOf(key: string, bytes: Buffer): PartRecord {
  const sha256 = createHash("sha256").update(bytes).digest("hex");
  return { key, sizeBytes: bytes.length, sha256, plainBytes: bytes.length, plainSha256: sha256 };
}
