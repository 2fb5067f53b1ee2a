import { createHash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** `archive.json` of a golden archive. */
export interface GoldenArchive {
  readonly id: string;
  /** The one before it, which is gone; null when it was the first. */
  readonly previous: string | null;
  /** `age` or `none`. */
  readonly encryption: string;
  /** `catalog` or `pg_dump`; null when the archive has no rows. */
  readonly schemaSource: string | null;
  /** Of the source; null when the archive has no documents. */
  readonly project: string | null;
}

/** The folder of this file. */
export const goldenFolder: string = fileURLToPath(new URL(".", import.meta.url));

/** `sha256sum` of every file below a folder but `SHA256SUMS` itself, sorted by name. */
export async function checksumsOf(folder: string): Promise<string> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const names = entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
    .filter((name) => name !== "SHA256SUMS")
    .toSorted();
  const lines: string[] = [];
  for (const name of names) {
    const bytes = await readFile(join(folder, name));
    lines.push(`${createHash("sha256").update(bytes).digest("hex")}  ${name}\n`);
  }
  return lines.join("");
}
