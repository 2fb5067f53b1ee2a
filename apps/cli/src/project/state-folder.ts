import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { CommandContext } from "../command-context.ts";
import { settingPath } from "../config/load-settings.ts";
import type { Settings } from "../config/settings.ts";

/** The folder of embedded databases and local state, made when it is not there. Absolute. */
export async function makeStateFolder(
  context: CommandContext,
  settings: Settings,
): Promise<string> {
  const dir = settingPath(context.dir, settings.CTB_DATA_DIR);
  await mkdir(dir, { recursive: true });
  // Local state must not be committed, whatever the project's own .gitignore says.
  await writeFile(join(dir, ".gitignore"), "*\n", { flag: "wx" }).catch(ignoreExisting);
  return dir;
}

function ignoreExisting(error: NodeJS.ErrnoException): void {
  if (error.code !== "EEXIST") {
    throw error;
  }
}
