import type { Postgres } from "@ctb-data/postgres";
import type { Registry } from "@ctb-data/registry";
import { CliError } from "../cli-error.ts";
import { type CommandContext, flagLayer } from "../command-context.ts";
import type { Settings } from "../config/settings.ts";
import { exitCode, type ExitCode } from "../exit-code.ts";
import { confirmChange } from "../integrity/confirm-change.ts";
import { keyringOption } from "../project/keyring-option.ts";
import { loadProjectRegistry } from "../project/load-project-registry.ts";
import { openDatabase } from "../project/open-database.ts";
import { printJson } from "../terminal/print-json.ts";
import { printable } from "../terminal/printable.ts";
import { openTestDatabase } from "../testdb/open-test-database.ts";
import { openTestServer, refuseProduction } from "../testdb/open-test-server.ts";
import { saySeeded, type SeedFlags, seedTestDatabase } from "../testdb/seed-test-database.ts";
import { findTestDatabase } from "../testdb/test-databases.ts";

interface TestdbSeedFlags extends SeedFlags {
  readonly name?: string | undefined;
  /** The project's own database instead of one that `testdb create` has made. */
  readonly intoProject?: true | undefined;
  readonly registry?: string | undefined;
  readonly yes?: true | undefined;
}

/** `ctb-data testdb seed` */
export async function testdbSeed(
  context: CommandContext,
  flags: TestdbSeedFlags,
): Promise<ExitCode> {
  const { terminal } = context;
  if (flags.name !== undefined && flags.intoProject === true) {
    throw new CliError("USAGE", `Both ${flags.name} and --into-project are given.`, {
      hint: "Take away one of the two.",
    });
  }
  const { settings } = await context.settings(
    flagLayer({ REGISTRY_PATH: { flag: "--registry", value: flags.registry } }),
  );
  refuseProduction(settings);
  const registry = await loadProjectRegistry(context, settings);
  await using target =
    flags.intoProject === true
      ? await openProject(context, { settings, registry, yes: flags.yes === true })
      : await openNamed(context, { settings, registry, name: flags.name });
  const result = await seedTestDatabase(context, {
    db: target.db,
    project: { registry, settings },
    flags,
  });
  if (terminal.json) {
    printJson(terminal, { database: target.name, ...result });
  } else {
    terminal.out.line(`${terminal.out.paint("bold", printable(target.name))}:`);
    saySeeded(terminal.out, result);
  }
  return exitCode.done;
}

/** What is filled. */
interface Target extends AsyncDisposable {
  readonly db: Postgres;
  readonly name: string;
}

interface Project {
  readonly settings: Settings;
  readonly registry: Registry;
}

/** One that `testdb create` has made: the named one, or the last. */
async function openNamed(
  context: CommandContext,
  { settings, registry, name }: Project & { readonly name: string | undefined },
): Promise<Target> {
  await using opening = new AsyncDisposableStack();
  const server = opening.use(await openTestServer(context, settings));
  const found = await findTestDatabase(server.db, name);
  const url = server.urlOf(found.name);
  const db = opening.use(await openTestDatabase(context, { url, settings, registry }));
  return targetOf(opening.move(), { db, name: found.name });
}

/** The project's own, when its name was typed. */
async function openProject(
  context: CommandContext,
  { settings, registry, yes }: Project & { readonly yes: boolean },
): Promise<Target> {
  await using opening = new AsyncDisposableStack();
  const { db } = opening.use(
    await openDatabase(context, settings, {
      registry,
      ...keyringOption(settings),
    }),
  );
  const { rows } = await db.query<{ name: string }>("SELECT pg_catalog.current_database() AS name");
  const name = rows[0]?.name ?? "";
  await confirmChange(context, {
    targets: [{ store: "postgres", name, description: db.description }],
    warning: "This adds made-up rows to the project's own database.",
    yes,
  });
  return targetOf(opening.move(), { db, name });
}

function targetOf(
  opened: AsyncDisposableStack,
  { db, name }: { readonly db: Postgres; readonly name: string },
): Target {
  return {
    db,
    name,
    [Symbol.asyncDispose]: async () => {
      await opened.disposeAsync();
    },
  };
}
