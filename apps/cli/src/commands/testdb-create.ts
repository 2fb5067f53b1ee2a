import type { Registry } from "@ctb-data/registry";
import { type CommandContext, flagLayer } from "../command-context.ts";
import type { LoadedSettings } from "../config/load-settings.ts";
import { exitCode, type ExitCode } from "../exit-code.ts";
import { loadProjectRegistry } from "../project/load-project-registry.ts";
import { countOf, durationText } from "../terminal/count-of.ts";
import { sayNext } from "../terminal/next-step.ts";
import { printJson } from "../terminal/print-json.ts";
import { printable } from "../terminal/printable.ts";
import { shellWord } from "../terminal/shell-word.ts";
import { buildSchema, openTestDatabase } from "../testdb/build-test-database.ts";
import { openTestServer, type TestServer } from "../testdb/open-test-server.ts";
import { sayVariables } from "../testdb/say-test-database.ts";
import { dropTestDatabase, makeTestDatabase, markReady } from "../testdb/test-databases.ts";
import { testVariables } from "../testdb/test-variables.ts";

interface CreateFlags {
  readonly name?: string | undefined;
  readonly migrations?: string | undefined;
  readonly registry?: string | undefined;
  readonly showPassword?: true | undefined;
}

/** `ctb-data testdb create` */
export async function testdbCreate(context: CommandContext, flags: CreateFlags): Promise<ExitCode> {
  const { terminal } = context;
  const startedAt = performance.now();
  const loaded = await context.settings(
    flagLayer({
      MIGRATIONS_DIR: { flag: "--migrations", value: flags.migrations },
      REGISTRY_PATH: { flag: "--registry", value: flags.registry },
    }),
  );
  const { settings } = loaded;
  const registry = await loadProjectRegistry(context, settings);
  await using server = await openTestServer(context, settings);
  const name = await makeTestDatabase(server.db, flags.name);
  const made = { server, loaded, settings, registry, name };
  const migrations = await fill(context, made);
  const found = await testVariables(context, {
    ...made,
    showPassword: flags.showPassword === true,
  });
  if (terminal.json) {
    const { description } = server.db;
    printJson(terminal, { name, server: description, migrations: migrations ?? null, ...found });
    return exitCode.done;
  }
  const { out } = terminal;
  const what =
    migrations === undefined
      ? "with the schema of the registry"
      : `with ${countOf(migrations, "migration")}`;
  const ms = durationText(performance.now() - startedAt);
  out.line(
    `${out.paint("green", "✓")} Made ${printable(name)} on ${server.description}, ${what}, in ${ms}. It stays until it is dropped.`,
  );
  sayVariables(out, found);
  sayNext(out, `ctb-data testdb seed ${shellWord(name)}`);
  return exitCode.done;
}

interface Made {
  readonly server: TestServer;
  readonly loaded: LoadedSettings;
  readonly registry: Registry;
  readonly name: string;
}

/** Gives it its tables. What fails or is interrupted leaves no database. */
async function fill(
  context: CommandContext,
  { server, loaded, registry, name }: Made,
): Promise<number | undefined> {
  const url = server.urlOf(name);
  try {
    context.signal.throwIfAborted();
    await using db = await openTestDatabase(context, { url, settings: loaded.settings, registry });
    const migrations = await buildSchema(context, { db, url, loaded, registry });
    await markReady(server.db, name);
    return migrations;
  } catch (error) {
    await dropTestDatabase(server.db, name);
    throw error;
  }
}
