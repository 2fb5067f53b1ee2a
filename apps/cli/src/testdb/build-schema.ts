import { existsSync } from "node:fs";
import type { Postgres } from "@ctb-data/postgres";
import type { Registry } from "@ctb-data/registry";
import type { CommandContext } from "../command-context.ts";
import { migrationProgress } from "../commands/migration-progress.ts";
import { type LoadedSettings, settingPath } from "../config/load-settings.ts";
import { shownPath } from "../project/shown-path.ts";

/**
 * Gives an empty database its tables: by the migrations, and by the SQL of the registry where their folder is not there and nobody has
 * named it. So many migrations ran; undefined without.
 *
 * @throws {MigrationError} as `migrateUp`.
 */
export async function buildSchema(
  context: CommandContext,
  {
    db,
    url,
    loaded: { settings, given },
    registry,
  }: {
    readonly db: Postgres;
    readonly url: string;
    readonly loaded: LoadedSettings;
    readonly registry: Registry;
  },
): Promise<number | undefined> {
  const dir = settingPath(context.dir, settings.MIGRATIONS_DIR);
  if (!given.has("MIGRATIONS_DIR") && !existsSync(dir)) {
    const { schemaSql } = await import("@ctb-data/postgres");
    await db.query(schemaSql(registry), [], { signal: context.signal });
    return undefined;
  }
  const { migrateUp } = await import("@ctb-data/migrations");
  using progress = await migrationProgress(context);
  const { migrations } = await migrateUp(db, {
    dir: shownPath(dir),
    url,
    onProgress: progress.onProgress,
    signal: context.signal,
  });
  return migrations.length;
}
