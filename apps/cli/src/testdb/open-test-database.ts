import type { Postgres } from "@ctb-data/postgres";
import type { Registry } from "@ctb-data/registry";
import type { CommandContext } from "../command-context.ts";
import type { Settings } from "../config/settings.ts";
import { keyringOption } from "../project/keyring-option.ts";
import { openPostgres } from "../project/open-postgres.ts";

/** Opens a test database over the project's registry. */
export async function openTestDatabase(
  { signal }: CommandContext,
  {
    url,
    settings,
    registry,
  }: { readonly url: string; readonly settings: Settings; readonly registry: Registry },
): Promise<Postgres> {
  return await openPostgres({
    url,
    registry,
    poolSize: settings.DATABASE_POOL_SIZE,
    applicationName: "ctb-data",
    signal,
    ...keyringOption(settings),
  });
}
