import { once } from "node:events";
import type { EmbeddedPostgres } from "@ctb-data/postgres/embedded";
import type { CommandContext } from "../command-context.ts";
import { type LoadedSettings, settingPath } from "../config/load-settings.ts";
import { exitCode, type ExitCode } from "../exit-code.ts";
import { startProjectServer } from "../project/open-database.ts";
import { shownPath } from "../project/shown-path.ts";
import { countOf } from "../terminal/count-of.ts";
import { printJson } from "../terminal/print-json.ts";
import { migrationProgress } from "./migration-progress.ts";

interface DevFlags {
  readonly port?: number | undefined;
  readonly migrate?: true | undefined;
}

/** `ctb-data dev`: ends only when it is interrupted. */
export async function dev(context: CommandContext, flags: DevFlags): Promise<ExitCode> {
  const loaded = await context.settings();
  const ended = new AbortController();
  await using server = await startProjectServer(context, loaded.settings, {
    onStopped: (error) => {
      ended.abort(error);
    },
    ...(flags.port === undefined ? {} : { port: flags.port }),
  });
  if (flags.migrate === true) {
    await migrate(context, loaded, server);
  }
  sayRunning(context, loaded, server);
  await untilAborted(AbortSignal.any([context.signal, ended.signal]));
  ended.signal.throwIfAborted();
  context.terminal.err.line("Stopping PostgreSQL; its data stays.");
  return exitCode.interrupted;
}

async function untilAborted(signal: AbortSignal): Promise<void> {
  if (!signal.aborted) {
    await once(signal, "abort");
  }
}

function sayRunning(
  { terminal }: CommandContext,
  { given }: LoadedSettings,
  { url, port, version, dataDir }: EmbeddedPostgres,
): void {
  if (terminal.json) {
    printJson(terminal, { url, port, version, dataDir });
    return;
  }
  const { out } = terminal;
  out.line(`PostgreSQL ${version} runs on port ${port}, with its data in ${shownPath(dataDir)}.`);
  out.line();
  out.line(out.paint("dim", "# for .env or your shell; ctb-data itself finds it without"));
  out.line(`DATABASE_URL=${url}`);
  out.line();
  const elsewhere = given.get("DATABASE_URL");
  if (elsewhere !== undefined) {
    terminal.err.line(
      `${terminal.err.paint("yellow", "warning:")} DATABASE_URL (from ${elsewhere.origin}) is set: other commands use that database, not this one.`,
    );
  }
  out.line(`Ctrl-C stops it.`);
}

async function migrate(
  context: CommandContext,
  { settings }: LoadedSettings,
  { url }: EmbeddedPostgres,
): Promise<void> {
  const { migrateUp } = await import("@ctb-data/migrations");
  const { openPostgres } = await import("@ctb-data/postgres");
  await using db = await openPostgres({ url, signal: context.signal });
  using progress = await migrationProgress(context);
  const { migrations } = await migrateUp(db, {
    dir: shownPath(settingPath(context.dir, settings.MIGRATIONS_DIR)),
    url,
    onProgress: progress.onProgress,
    signal: context.signal,
  });
  context.terminal.say.line(
    migrations.length === 0
      ? "No migration is pending."
      : `Applied ${countOf(migrations.length, "migration")}.`,
  );
}
