import { z } from "zod";
import { archiveRoots } from "../archive/archive-layout.ts";
import { archiveFormat } from "../archive/backup-manifest.ts";
import { BackupError } from "../backup-error.ts";
import type { Storage } from "../storage/storage.ts";
import { toolVersion } from "../tool-version.ts";

const tombstoneSchema = z.object({
  format: z.literal(archiveFormat),
  backup: z.string(),
  /** `pruned`: it was a backup. `never-committed`: it never became one. */
  kind: z.enum(["pruned", "never-committed"]),
  /** Empty where the record could not be read. */
  sourceId: z.string(),
  sizeBytes: z.number(),
  reasons: z.array(z.string()),
  removedAt: z.iso.datetime(),
  tool: z.string(),
});

/** Says of a folder that it is to be removed, or was: whoever finds the rest of it need not ask whether it may go. */
export type Tombstone = Readonly<z.infer<typeof tombstoneSchema>>;

/** `tombstones/<id>.json` */
export function tombstoneKey(id: string): string {
  return `${archiveRoots.tombstones}${id}.json`;
}

/** Writes a tombstone, unless one is there from a try before. True when it is new. */
export async function writeTombstone(
  storage: Storage,
  tombstone: Omit<Tombstone, "format" | "tool">,
): Promise<boolean> {
  const content: Tombstone = { format: archiveFormat, ...tombstone, tool: toolVersion };
  try {
    const body = Buffer.from(`${JSON.stringify(content, undefined, 2)}\n`);
    await storage.put(tombstoneKey(tombstone.backup), body, { ifAbsent: true });
    return true;
  } catch (error) {
    if (error instanceof BackupError && error.code === "CONFLICT") return false;
    throw error;
  }
}
