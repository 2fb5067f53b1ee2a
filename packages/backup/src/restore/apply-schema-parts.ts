import type { Connection } from "@ctb-data/postgres";
import type { OpenedBackup } from "../archive/read-backup.ts";
import type { PartRecord, PartSource } from "../part/part.ts";
import type { PostgresRestoreOptions } from "./restore-postgres.ts";

/** A text of the archive, whole. */
export async function readText(parts: PartSource, part: PartRecord): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of parts.read(part)) chunks.push(Uint8Array.from(chunk));
  return Buffer.concat(chunks).toString();
}

export async function applyPreData(
  connection: Connection,
  { manifest, parts }: OpenedBackup,
): Promise<void> {
  if (manifest.postgres === null) return;
  await connection.query(await readText(parts, manifest.postgres.preData));
}

export async function applyPostData(
  { manifest, parts }: OpenedBackup,
  { postgres }: PostgresRestoreOptions,
): Promise<readonly string[]> {
  if (manifest.postgres === null) return [];
  const sql = await readText(parts, manifest.postgres.postData);
  await postgres.withConnection(async (connection) => await connection.query(sql), {
    destroy: true,
  });
  return [];
}
