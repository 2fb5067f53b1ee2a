import type { CommandContext } from "../command-context.ts";
import { flagLayer } from "../command-context.ts";
import { settingPath } from "../config/load-settings.ts";
import { openDatabase, type ProjectDatabase } from "./open-database.ts";
import { shownPath } from "./shown-path.ts";

/** The folder of the migrations and the database that they belong to, open. */
export interface ProjectMigrations extends ProjectDatabase {
  readonly dir: string;
}

/** Opens what every command of the group `migrate` works with. */
export async function openMigrations(
  context: CommandContext,
  flags: { readonly migrations?: string | undefined },
): Promise<ProjectMigrations> {
  const { settings } = await context.settings(
    flagLayer({ MIGRATIONS_DIR: { flag: "--migrations", value: flags.migrations } }),
  );
  const database = await openDatabase(context, settings);
  return { ...database, dir: shownPath(settingPath(context.dir, settings.MIGRATIONS_DIR)) };
}
