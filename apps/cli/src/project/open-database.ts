import { join } from "node:path";
import type { Postgres, PostgresOptions } from "@ctb-data/postgres";
import type { EmbeddedPostgres, EmbeddedPostgresOptions } from "@ctb-data/postgres/embedded";
import { CliError } from "../cli-error.ts";
import type { CommandContext } from "../command-context.ts";
import type { Settings } from "../config/settings.ts";
import { shownPath } from "./shown-path.ts";
import { makeStateFolder } from "./state-folder.ts";

/** The project's database, open. Closing it also stops an embedded server that nobody else uses. */
export interface ProjectDatabase extends AsyncDisposable {
  readonly db: Postgres;
  /** Holds the password: never printed. */
  readonly url: string;
}

/**
 * Opens the database that `DATABASE_URL` names, or the embedded one and says so in one line on stderr.
 *
 * @throws {CliError} EMBEDDED_IN_PRODUCTION without a `DATABASE_URL` under `NODE_ENV=production`.
 * @throws {PostgresError} as `openPostgres` and `startEmbeddedPostgres`.
 */
export async function openDatabase(
  context: CommandContext,
  settings: Settings,
  options: Pick<PostgresOptions, "registry" | "keyring" | "statementTimeoutMs"> = {},
): Promise<ProjectDatabase> {
  const server =
    settings.DATABASE_URL === undefined ? await startFallback(context, settings) : undefined;
  const url = settings.DATABASE_URL ?? server?.url ?? "";
  try {
    const { openPostgres } = await import("./open-postgres.ts");
    const db = await openPostgres({
      ...options,
      url,
      poolSize: settings.DATABASE_POOL_SIZE,
      applicationName: "ctb-data",
      signal: context.signal,
      onRetry: ({ delayMs }) => {
        context.terminal.err.line(
          `The database does not answer yet; trying again in ${(delayMs / 1000).toFixed(1)} s.`,
        );
      },
    });
    return {
      db,
      url,
      [Symbol.asyncDispose]: async () => {
        await db.close();
        await server?.close();
      },
    };
  } catch (error) {
    await server?.close();
    throw error;
  }
}

/**
 * Starts the embedded PostgreSQL of the project.
 *
 * @throws {CliError} EMBEDDED_IN_PRODUCTION under `NODE_ENV=production`.
 */
export async function startProjectServer(
  context: CommandContext,
  settings: Settings,
  options: Pick<EmbeddedPostgresOptions, "port" | "onStopped"> = {},
): Promise<EmbeddedPostgres> {
  if (settings.NODE_ENV === "production") {
    throw new CliError(
      "EMBEDDED_IN_PRODUCTION",
      "NODE_ENV is production and DATABASE_URL is not set: the embedded PostgreSQL is for development only.",
      { hint: "Set DATABASE_URL in the environment or in .env." },
    );
  }
  const { startEmbeddedPostgres } = await import("@ctb-data/postgres/embedded");
  return await startEmbeddedPostgres({
    ...options,
    dataDir: join(await makeStateFolder(context, settings), "postgres"),
    signal: context.signal,
  });
}

async function startFallback(
  context: CommandContext,
  settings: Settings,
): Promise<EmbeddedPostgres> {
  const server = await startProjectServer(context, settings);
  const { err } = context.terminal;
  err.line(
    err.paint("dim", `Embedded PostgreSQL in ${shownPath(server.dataDir)} (no DATABASE_URL).`),
  );
  return server;
}
