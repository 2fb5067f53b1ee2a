import { link, open, rename, rm, unlink } from "node:fs/promises";

/** True for what a file system says that has no hard links, as those of memory sticks. */
function lacksLinks(error: unknown): boolean {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  return ["EPERM", "ENOTSUP", "EOPNOTSUPP", "ENOSYS"].includes(String(code));
}

/**
 * Gives a whole file its name, unless that name is taken.
 *
 * @throws the error of the system, of code EEXIST when it is.
 */
export async function placeNewFile(temporary: string, path: string): Promise<void> {
  try {
    await link(temporary, path);
  } catch (error) {
    if (!lacksLinks(error)) throw error;
    await placeByClaim(temporary, path);
    return;
  }
  await unlink(temporary);
}

/** The same where there are no hard links: claims the name with an empty file, and puts the whole one in its place. */
export async function placeByClaim(temporary: string, path: string): Promise<void> {
  await (await open(path, "wx", 0o600)).close();
  try {
    await rename(temporary, path);
  } catch (error) {
    await rm(path, { force: true });
    throw error;
  }
}
