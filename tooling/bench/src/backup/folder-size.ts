import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";

/** What a file, or all files of a folder, hold, in MB of 1,000,000 bytes. */
export async function sizeMb(path: string): Promise<number> {
  const found = await stat(path);
  if (!found.isDirectory()) return found.size / 1e6;
  const files = await readdir(path, { recursive: true, withFileTypes: true });
  const sizes = files
    .filter((file) => file.isFile())
    .map(async (file) => (await stat(join(file.parentPath, file.name))).size);
  return (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0) / 1e6;
}
