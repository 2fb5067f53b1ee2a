import type { Registry } from "@ctb-data/registry";
import type { SeedResult } from "@ctb-data/test-fixtures";
import { type CommandContext, flagLayer } from "../command-context.ts";
import type { LoadedSettings } from "../config/load-settings.ts";
import { exitCode, type ExitCode } from "../exit-code.ts";
import { loadProjectRegistry } from "../project/load-project-registry.ts";
import { countOf, durationText } from "../terminal/count-of.ts";
import { sayNext } from "../terminal/next-step.ts";
import { printJson } from "../terminal/print-json.ts";
import { printable } from "../terminal/printable.ts";
import { shellWord } from "../terminal/shell-word.ts";
import { buildSchema } from "../testdb/build-schema.ts";
import { openTestDatabase } from "../testdb/open-test-database.ts";
import { openTestServer, type TestServer } from "../testdb/open-test-server.ts";
import { sayVariables } from "../testdb/say-test-database.ts";
import { saySeeded, type SeedFlags, seedTestDatabase } from "../testdb/seed-test-database.ts";
import { dropTestDatabase, makeTestDatabase, markReady } from "../testdb/test-databases.ts";
import { testVariables } from "../testdb/test-variables.ts";

interface CreateFlags extends SeedFlags {
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
  const made = { server, loaded, settings, registry, name, flags };
  const { migrations, seeded } = await fill(context, made);
  const found = await testVariables(context, {
    ...made,
    showPassword: flags.showPassword === true,
  });
  if (terminal.json) {
    const { description } = server.db;
    printJson(terminal, {
      name,
      server: description,
      migrations: migrations ?? null,
      seeded: seeded ?? null,
      ...found,
    });
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
  if (seeded !== undefined) saySeeded(out, seeded);
  sayVariables(out, found);
  const next = seeded === undefined ? "seed" : "drop";
  sayNext(out, `ctb-data testdb ${next} ${shellWord(name)}`);
  return exitCode.done;
}

interface Made {
  readonly server: TestServer;
  readonly loaded: LoadedSettings;
  readonly registry: Registry;
  readonly name: string;
  readonly flags: SeedFlags;
}

interface Filled {
  /** Undefined where there are none. */
  readonly migrations: number | undefined;
  /** Undefined when no rows were asked for. */
  readonly seeded: SeedResult | undefined;
}

/** Gives it its tables, and its rows when there is a flag about them. What fails or is interrupted leaves no database. */
async function fill(
  context: CommandContext,
  { server, loaded, registry, name, flags }: Made,
): Promise<Filled> {
  const url = server.urlOf(name);
  try {
    context.signal.throwIfAborted();
    await using db = await openTestDatabase(context, { url, settings: loaded.settings, registry });
    const migrations = await buildSchema(context, { db, url, loaded, registry });
    const seeded = isSeeded(flags)
      ? await seedTestDatabase(context, {
          db,
          project: { registry, settings: loaded.settings },
          flags,
        })
      : undefined;
    await markReady(server.db, name);
    return { migrations, seeded };
  } catch (error) {
    await dropTestDatabase(server.db, name);
    throw error;
  }
}

function isSeeded({ count, seed, table }: SeedFlags): boolean {
  return count !== undefined || seed !== undefined || table !== undefined;
}
