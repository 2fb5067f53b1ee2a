import { createHash } from "node:crypto";
import { BackupError } from "../src/backup-error.ts";
import type { PartRecord, PartSink, PartSource } from "../src/part/part.ts";

/** Parts in memory, as they are: a sink, and a source for what was written to it. */
export interface MemoryParts extends PartSink, PartSource {
  /** By name. Those that were finished. */
  readonly finished: ReadonlyMap<string, Buffer>;
  /** Names of those that were given up. */
  readonly aborted: readonly string[];
  /** Puts other bytes in the place of a part's. */
  damage(key: string, bytes: Buffer): void;
}

/** `onWrite` is awaited before each piece is taken. */
export function memoryParts(onWrite?: (name: string, bytes: number) => Promise<void>): MemoryParts {
  const finished = new Map<string, Buffer>();
  const aborted: string[] = [];
  return {
    finished,
    aborted,
    damage: (key, bytes) => void finished.set(key, bytes),
    open: async (name) => {
      const chunks: Buffer[] = [];
      return {
        write: async (chunk) => {
          await onWrite?.(name, chunk.length);
          chunks.push(Buffer.from(chunk));
        },
        finish: async () => {
          const body = Buffer.concat(chunks);
          if (finished.has(name)) throw new BackupError("CONFLICT", `${name} is there already.`);
          finished.set(name, body);
          return await Promise.resolve(recordOf(name, body));
        },
        abort: async () => {
          aborted.push(name);
          await Promise.resolve();
        },
      };
    },
    read: (part) => readPart(part, finished.get(part.key)),
  };
}

async function* readPart(part: PartRecord, body: Buffer | undefined): AsyncGenerator<Buffer> {
  if (!body) throw new BackupError("NOT_FOUND", `There is no part ${part.key}.`);
  for (let at = 0; at < body.length; at += 300_000) {
    yield body.subarray(at, at + 300_000);
    await Promise.resolve();
  }
  if (recordOf(part.key, body).plainSha256 !== part.plainSha256)
    throw new BackupError("CORRUPT", `The part ${part.key} is not what was written.`);
}

function recordOf(key: string, body: Buffer): PartRecord {
  const sha256 = createHash("sha256").update(body).digest("hex");
  const sizeBytes = body.length;
  return { key, sizeBytes, sha256, plainBytes: sizeBytes, plainSha256: sha256 };
}
