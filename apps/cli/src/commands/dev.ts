import { once } from "node:events";
import { dirname } from "node:path";
import type { EmbeddedPostgres } from "@ctb-data/postgres/embedded";
import type { CommandContext } from "../command-context.ts";
import { type LoadedSettings, settingPath } from "../config/load-settings.ts";
import type { SettingName } from "../config/settings.ts";
import { exitCode, type ExitCode } from "../exit-code.ts";
import { writeDevRecord } from "../project/dev-record.ts";
import { type EmbeddedFirestore, startProjectFirestore } from "../project/embedded-firestore.ts";
import { embeddedProjectId } from "../project/firestore-target.ts";
import { startProjectServer } from "../project/open-database.ts";
import { shownPath } from "../project/shown-path.ts";
import { countOf } from "../terminal/count-of.ts";
import { printJson } from "../terminal/print-json.ts";
import { migrationProgress } from "./migration-progress.ts";

interface DevFlags {
  readonly port?: number | undefined;
  readonly firestorePort?: number | undefined;
  readonly checkIndexes?: true | undefined;
  readonly migrate?: true | undefined;
}

/** Both servers of a project. */
interface Servers {
  readonly postgres: EmbeddedPostgres;
  readonly firestore: EmbeddedFirestore;
}

/** `ctb-data dev`: ends only when it is interrupted. */
export async function dev(context: CommandContext, flags: DevFlags): Promise<ExitCode> {
  const loaded = await context.settings();
  const ended = new AbortController();
  // First: its folder is the lock that tells a second one to go away.
  await using firestore = await startProjectFirestore(context, loaded.settings, {
    port: flags.firestorePort,
    ...(flags.checkIndexes === true
      ? { indexesFile: settingPath(context.dir, loaded.settings.FIRESTORE_INDEXES_PATH) }
      : {}),
  });
  const stateDir = dirname(firestore.dataDir);
  const record = { pid: process.pid, firestorePort: firestore.port };
  await writeDevRecord(stateDir, record);
  await using postgres = await startProjectServer(context, loaded.settings, {
    onStopped: (error) => {
      ended.abort(error);
    },
    ...(flags.port === undefined ? {} : { port: flags.port }),
  });
  await writeDevRecord(stateDir, { ...record, postgresPort: postgres.port });
  if (flags.migrate === true) {
    await migrate(context, loaded, postgres);
  }
  sayRunning(context, loaded, { postgres, firestore });
  await untilAborted(AbortSignal.any([context.signal, ended.signal]));
  ended.signal.throwIfAborted();
  context.terminal.err.line("Stopping PostgreSQL and Firestore; their data stays.");
  return exitCode.interrupted;
}

async function untilAborted(signal: AbortSignal): Promise<void> {
  if (!signal.aborted) {
    await once(signal, "abort");
  }
}

/** What a program in any language needs to use both. */
function variablesOf({ postgres, firestore }: Servers): Readonly<Record<string, string>> {
  return {
    DATABASE_URL: postgres.url,
    FIRESTORE_EMULATOR_HOST: firestore.address,
    FIREBASE_PROJECT_ID: embeddedProjectId,
    GCLOUD_PROJECT: embeddedProjectId,
  };
}

function sayRunning(
  context: CommandContext,
  { given }: LoadedSettings,
  { postgres, firestore }: Servers,
): void {
  const { terminal } = context;
  const variables = variablesOf({ postgres, firestore });
  if (terminal.json) {
    const { url, port, version, dataDir } = postgres;
    printJson(terminal, {
      url,
      port,
      version,
      dataDir,
      firestore: {
        host: firestore.host,
        port: firestore.port,
        projectId: embeddedProjectId,
        dataDir: firestore.dataDir,
      },
      variables,
    });
    return;
  }
  const { out } = terminal;
  out.line(
    `PostgreSQL ${postgres.version} runs on port ${postgres.port}, with its data in ${shownPath(postgres.dataDir)}.`,
  );
  out.line(
    `Firestore runs on port ${firestore.port}, with its data in ${shownPath(firestore.dataDir)}.`,
  );
  out.line();
  out.line(out.paint("dim", "# for .env or your shell; ctb-data itself finds both without"));
  for (const [name, value] of Object.entries(variables)) {
    out.line(`${name}=${value}`);
  }
  out.line();
  warnOfOthers(context, given);
  out.line(`Ctrl-C stops both.`);
}

/** Settings by which other commands use another database than the one that runs here. */
function warnOfOthers(context: CommandContext, given: LoadedSettings["given"]): void {
  const elsewhere = [
    "DATABASE_URL",
    "FIRESTORE_EMULATOR_HOST",
    "FIREBASE_PROJECT_ID",
    "FIREBASE_PRIVATE_KEY_PATH",
  ] as const satisfies readonly SettingName[];
  for (const name of elsewhere) {
    const { origin } = given.get(name) ?? {};
    if (origin !== undefined) {
      const what = name === "DATABASE_URL" ? "database" : "Firestore";
      context.warn(
        `${name} (from ${origin}) is set: other commands use that ${what}, not this one.`,
      );
    }
  }
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
