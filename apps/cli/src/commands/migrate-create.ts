import { copyFile, mkdir, mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { createMigration, type CreatedMigration } from "@ctb-data/migrations";
import { changesSql } from "@ctb-data/postgres";
import { describeChange, diffRegistries } from "@ctb-data/registry";
import { type CommandContext, flagLayer } from "../command-context.ts";
import { settingPath } from "../config/load-settings.ts";
import type { Settings } from "../config/settings.ts";
import { exitCode, type ExitCode } from "../exit-code.ts";
import { isMissing } from "../project/is-missing.ts";
import { loadProjectRegistry, loadRegistryAt } from "../project/load-project-registry.ts";
import { shownPath } from "../project/shown-path.ts";
import { countOf } from "../terminal/count-of.ts";
import { sayNext } from "../terminal/next-step.ts";
import { printJson } from "../terminal/print-json.ts";

interface CreateFlags {
  readonly name: string;
  readonly from?: string | undefined;
  readonly registry?: string | undefined;
  readonly migrations?: string | undefined;
  readonly transaction: boolean;
  readonly dryRun?: true | undefined;
}

/** `ctb-data migrate create` */
export async function migrateCreate(
  context: CommandContext,
  flags: CreateFlags,
): Promise<ExitCode> {
  const { terminal } = context;
  const { out } = terminal;
  const { settings } = await context.settings(
    flagLayer({
      MIGRATIONS_DIR: { flag: "--migrations", value: flags.migrations },
      REGISTRY_PATH: { flag: "--registry", value: flags.registry },
    }),
  );
  const written =
    flags.from === undefined ? undefined : await sqlFromRegistry(context, settings, flags.from);
  if (written?.changes.length === 0) {
    if (terminal.json) {
      printJson(terminal, { dryRun: flags.dryRun === true, changes: [] });
    } else {
      out.line("Nothing to write: the two registries describe the same.");
    }
    return exitCode.done;
  }
  const dir = settingPath(context.dir, settings.MIGRATIONS_DIR);
  const create = async (into: string): Promise<CreatedMigration> =>
    await createMigration({
      dir: into,
      name: flags.name,
      transaction: flags.transaction,
      ...(written === undefined ? {} : { up: written.up, down: written.down }),
    });
  const created = flags.dryRun === true ? await inScratchFolder(dir, create) : await create(dir);
  const files = [created.up, ...(created.down === undefined ? [] : [created.down])].map((path) =>
    shownPath(join(dir, basename(path))),
  );
  if (terminal.json) {
    const { version, name } = created;
    printJson(terminal, { dryRun: flags.dryRun === true, version, name, files, ...written });
    return exitCode.done;
  }
  for (const change of written?.changes ?? []) {
    out.line(`  ${change}`);
  }
  for (const note of written?.notes ?? []) {
    context.warn(note);
  }
  const verb = flags.dryRun === true ? "Would write" : "Wrote";
  out.line(`${verb} ${files.join(" and ")}.`);
  if (flags.dryRun === true) {
    out.line("This was a dry run: nothing was changed.");
  } else {
    out.line(
      written === undefined ? "Fill in both files." : "Read both files before you apply them.",
    );
    sayNext(out, "ctb-data migrate up --dry-run");
  }
  return exitCode.done;
}

interface WrittenSql {
  readonly up: string;
  readonly down: string;
  readonly notes: readonly string[];
  /** One sentence for each change. */
  readonly changes: readonly string[];
}

async function sqlFromRegistry(
  context: CommandContext,
  settings: Settings,
  from: string,
): Promise<WrittenSql> {
  const before = await loadRegistryAt(context, settingPath(context.dir, from));
  const after = await loadProjectRegistry(context, settings);
  const changes = diffRegistries(before, after);
  const { up, down, notes } = changesSql(changes, { before, after });
  context.terminal.err.line(
    `${countOf(changes.length, "change")} from ${from} to ${settings.REGISTRY_PATH}.`,
  );
  return { up, down, notes, changes: changes.map(describeChange) };
}

/** Lets the real thing happen in a copy of the folder: a dry run that cannot differ from what would be done. */
async function inScratchFolder(
  dir: string,
  create: (dir: string) => Promise<CreatedMigration>,
): Promise<CreatedMigration> {
  const scratch = await mkdtemp(join(tmpdir(), "ctb-data-"));
  try {
    const copy = join(scratch, "migrations");
    await mkdir(copy);
    const names = await readdir(dir).catch((error: unknown) => {
      if (isMissing(error)) {
        return [];
      }
      throw error;
    });
    for (const name of names.filter((each) => each.endsWith(".sql"))) {
      await copyFile(join(dir, name), join(copy, name));
    }
    return await create(copy);
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}
