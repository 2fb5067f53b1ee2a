import { basename } from "node:path";
import type { CommandContext } from "../command-context.ts";
import { settingPath } from "../config/load-settings.ts";
import type { Settings } from "../config/settings.ts";
import { readIfThere } from "../project/read-if-there.ts";

/** The files that belong to the project's Firestore, as far as they are there: its indexes and its rules. */
export async function firestoreFiles(
  { dir }: CommandContext,
  settings: Settings,
): Promise<readonly { readonly name: string; readonly content: string }[]> {
  const paths = [settings.FIRESTORE_INDEXES_PATH, settings.FIRESTORE_RULES_PATH];
  const files = await Promise.all(
    paths.map(async (path) => ({
      name: basename(path),
      content: await readIfThere(settingPath(dir, path)),
    })),
  );
  return files.flatMap(({ name, content }) => (content === undefined ? [] : [{ name, content }]));
}
