import type { Registry } from "@ctb-data/registry";
import type { CommandContext } from "../command-context.ts";
import type { Settings } from "../config/settings.ts";
import { keyringOption } from "./keyring-option.ts";
import { openDatabase, type ProjectDatabase } from "./open-database.ts";

interface RegistryDatabaseOptions {
  readonly registry: Registry;
  /** Sessions that the work takes at once, however small the pool of the settings is. */
  readonly connections: number;
  /** Of every session: the catalog, too, waits for a table that somebody has locked. */
  readonly statementTimeoutMs?: number | undefined;
}

/**
 * Opens the project's database for work on the tables of its registry, with the keys of encrypted columns.
 *
 * @throws {CliError} EMBEDDED_IN_PRODUCTION @throws {PostgresError} as `openPostgres`. @throws {ModelError} INVALID_KEYRING
 */
export async function openRegistryDatabase(
  context: CommandContext,
  settings: Settings,
  { registry, connections, statementTimeoutMs }: RegistryDatabaseOptions,
): Promise<ProjectDatabase> {
  const used = {
    ...settings,
    DATABASE_POOL_SIZE: Math.max(settings.DATABASE_POOL_SIZE, connections),
  };
  return await openDatabase(context, used, {
    registry,
    ...keyringOption(settings),
    ...(statementTimeoutMs === undefined ? {} : { statementTimeoutMs }),
  });
}
