import { generateIdentity, recipientOf } from "../src/age/age-keys.ts";
import type { BackupEncryption } from "../src/backup-encryption.ts";
import { openPartSink } from "../src/part/open-part-sink.ts";
import { openPartSource } from "../src/part/open-part-source.ts";
import type { PartRecord, PartSinkOptions } from "../src/part/part.ts";
import { createMemoryStorage, type MemoryStorage } from "./part-memory-storage.ts";

/** The folder that the parts of the tests are in. */
export const folder = "backups/1/";

export const identity: string = generateIdentity();
/** For daily use, and for recovery. */
export const encryption: BackupEncryption = {
  kind: "age",
  recipients: [recipientOf(generateIdentity()), recipientOf(identity)],
};

/** A part that is stored in memory. */
export interface WrittenPart {
  readonly memory: MemoryStorage;
  readonly record: PartRecord;
}

export type WriteOptions = Partial<Omit<PartSinkOptions, "storage">> & {
  readonly memory?: MemoryStorage;
  readonly pieceBytes?: number;
};

/** Writes `rows.copy` in pieces. */
export async function writePart(
  plain: Uint8Array,
  options: WriteOptions = {},
): Promise<WrittenPart> {
  const { memory = createMemoryStorage(), pieceBytes = 9000, ...rest } = options;
  const sink = openPartSink({ storage: memory.storage, folder, encryption, ...rest });
  const writer = await sink.open("rows.copy");
  for (let at = 0; at < plain.length; at += pieceBytes) {
    await writer.write(plain.subarray(at, at + pieceBytes));
  }
  return { memory, record: await writer.finish() };
}

/** Reads a part whole. */
export async function readPart(
  { memory, record }: WrittenPart,
  identities: readonly string[] = [identity],
): Promise<Buffer> {
  const source = openPartSource({ storage: memory.storage, folder, identities });
  const chunks: Uint8Array[] = [];
  for await (const chunk of source.read(record)) chunks.push(chunk);
  return Buffer.concat(chunks);
}
