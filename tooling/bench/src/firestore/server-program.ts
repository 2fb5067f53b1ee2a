import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** How this project's emulator is started. */
export interface OwnProgram {
  /** Arguments of Node: the program, and what it needs to run from its source. */
  readonly args: readonly string[];
  /** Arguments of Node with which the package is found. */
  readonly conditions: readonly string[];
  /** Which of the two it is. */
  readonly description: string;
}

const root = fileURLToPath(new URL("../../../../packages/firestore-emulator", import.meta.url));
const fromSource = ["--conditions=@ctb-data/source"];

/** The built program where it is newer than its source, else the source. */
export async function ownProgram(): Promise<OwnProgram> {
  const built = join(root, "dist", "main.js");
  const builtAt = await stat(built).then(
    ({ mtimeMs }) => mtimeMs,
    () => undefined,
  );
  const changedAt = await lastChange(join(root, "src"));
  if (builtAt !== undefined && builtAt >= changedAt) {
    return { args: [built], conditions: [], description: "the build (dist/main.js)" };
  }
  const why = builtAt === undefined ? "there is no build" : "the build is older";
  return {
    args: [...fromSource, join(root, "src", "main.ts")],
    conditions: fromSource,
    description: `the source, because ${why}`,
  };
}

/** When a folder's source last changed, in milliseconds since 1970. */
export async function lastChange(folder: string): Promise<number> {
  const files = await readdir(folder, { recursive: true, withFileTypes: true });
  const times = files
    .filter((file) => file.isFile() && !file.name.endsWith(".test.ts"))
    .map(async (file) => (await stat(join(file.parentPath, file.name))).mtimeMs);
  return Math.max(0, ...(await Promise.all(times)));
}
