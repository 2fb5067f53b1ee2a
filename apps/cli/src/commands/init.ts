import { stat } from "node:fs/promises";
import { join, resolve } from "node:path";
import { parseRegistry, type Registry } from "@ctb-data/registry";
import { CliError } from "../cli-error.ts";
import type { CommandContext } from "../command-context.ts";
import { loadSettings } from "../config/load-settings.ts";
import { exitCode, type ExitCode } from "../exit-code.ts";
import { checkPlan, planGenerated, writePlan } from "../project/generated-files.ts";
import { isMissing } from "../project/is-missing.ts";
import { loadRegistryAt } from "../project/load-project-registry.ts";
import type { ProjectPlaces } from "../project/project-places.ts";
import { readIfThere } from "../project/read-if-there.ts";
import { type SeedFile, seedFiles } from "../project/seed-files.ts";
import { shownPath } from "../project/shown-path.ts";
import { writeAtomically } from "../project/write-atomically.ts";
import { countOf } from "../terminal/count-of.ts";
import { sayNext } from "../terminal/next-step.ts";
import { printJson } from "../terminal/print-json.ts";
import type { Channel, Style } from "../terminal/terminal.ts";
import { refuseForeign } from "./generate.ts";

interface InitFlags {
  readonly dir: string;
  readonly force?: readonly string[] | undefined;
  readonly dryRun?: true | undefined;
}

/** What happens to one file. */
interface Step {
  readonly path: string;
  /** `kept`: it exists and differs. */
  readonly action: "created" | "overwritten" | "extended" | "kept" | "unchanged";
}

interface PlannedStep extends Step {
  readonly content: string;
}

/** `ctb-data init` */
export async function init(context: CommandContext, flags: InitFlags): Promise<ExitCode> {
  const dir = resolve(context.dir, flags.dir);
  await refuseFile(dir);
  // The folder's own configuration, if it has one already, says where things go.
  const { settings } = await loadSettings({ dir, env: context.env });
  const places: ProjectPlaces = { dir, settings };
  const seed = await seedFiles(places);
  const forced = new Set((flags.force ?? []).map((path) => resolve(dir, path)));
  const steps = [...(await planSeed(seed, forced)), await planIgnore(join(dir, ".gitignore"))];
  refuseUnknownForce(dir, forced, steps);
  const dryRun = flags.dryRun === true;
  if (!dryRun) {
    for (const { path, action, content } of steps) {
      if (action !== "kept" && action !== "unchanged") {
        context.signal.throwIfAborted();
        await writeAtomically(path, content);
      }
    }
  }
  const plan = await planGenerated(await registryOf(context, steps), places);
  const differences = await checkPlan(plan);
  refuseForeign(differences);
  const generated = dryRun ? differences : await writePlan(plan);
  const all: readonly Step[] = [
    ...steps.map(({ path, action }) => ({ path: shownPath(path), action })),
    ...generated.map(({ path, kind }) => ({
      path,
      action: kind === "missing" ? ("created" as const) : ("overwritten" as const),
    })),
  ];
  if (context.terminal.json) {
    printJson(context.terminal, { dir, dryRun, files: all });
  } else {
    saySteps(context.terminal.out, all, { dir, dryRun });
  }
  return exitCode.done;
}

async function refuseFile(dir: string): Promise<void> {
  try {
    if (!(await stat(dir)).isDirectory()) {
      throw new CliError("NOT_A_FOLDER", `${shownPath(dir)} is a file, not a folder.`, {
        hint: "Name another folder: ctb-data init my-project",
      });
    }
  } catch (error) {
    if (!isMissing(error)) {
      throw error;
    }
  }
}

async function planSeed(
  seed: readonly SeedFile[],
  forced: ReadonlySet<string>,
): Promise<readonly PlannedStep[]> {
  return await Promise.all(
    seed.map(async ({ path, content }): Promise<PlannedStep> => {
      const there = await readIfThere(path);
      if (there === undefined) {
        return { path, content, action: "created" };
      }
      if (there === content) {
        return { path, content, action: "unchanged" };
      }
      return { path, content, action: forced.has(path) ? "overwritten" : "kept" };
    }),
  );
}

const ignored = [".ctb-data/", ".env", "/backup-keys/"] as const;

/** An entry of a `.gitignore` without the slashes that it may have at both ends. */
function bare(line: string): string {
  return line.trim().replace(/^\//u, "").replace(/\/$/u, "");
}

/** A `.gitignore` that is there keeps what it says and gets what it lacks. */
async function planIgnore(path: string): Promise<PlannedStep> {
  const there = await readIfThere(path);
  const lines = new Set(there?.split(/\r?\n/u).map(bare));
  const lacking = ignored.filter((entry) => !lines.has(bare(entry)));
  if (there === undefined) {
    return { path, content: `${ignored.join("\n")}\n`, action: "created" };
  }
  const gap = there === "" || there.endsWith("\n") ? "" : "\n";
  const content = `${there}${gap}${lacking.join("\n")}\n`;
  return lacking.length === 0
    ? { path, content: there, action: "unchanged" }
    : { path, content, action: "extended" };
}

function refuseUnknownForce(
  dir: string,
  forced: ReadonlySet<string>,
  steps: readonly Step[],
): void {
  const unknown = [...forced].filter((path) => steps.every((step) => step.path !== path));
  if (unknown.length > 0) {
    throw new CliError(
      "USAGE",
      `--force names a file that init does not lay down: ${unknown.map(shownPath).join(", ")}.`,
      { hint: `See which ones it does: ctb-data init ${shownPath(dir)} --dry-run` },
    );
  }
}

/** The registry as it is now: the user's own when it was kept, and in a dry run the one that would be laid down. */
async function registryOf(
  context: CommandContext,
  [registry]: readonly PlannedStep[],
): Promise<Registry> {
  if (registry === undefined || registry.action === "kept" || registry.action === "unchanged") {
    return await loadRegistryAt(context, registry?.path ?? context.dir);
  }
  return parseRegistry(registry.content, { file: shownPath(registry.path) });
}

const styles: Readonly<Record<Step["action"], Style>> = {
  created: "green",
  overwritten: "yellow",
  extended: "yellow",
  kept: "cyan",
  unchanged: "dim",
};

function saySteps(
  out: Channel,
  steps: readonly Step[],
  { dir, dryRun }: { readonly dir: string; readonly dryRun: boolean },
): void {
  for (const { path, action } of steps) {
    out.line(`  ${out.paint(styles[action], action.padEnd(11))} ${path}`);
  }
  const written = steps.filter(({ action }) => action !== "kept" && action !== "unchanged").length;
  const kept = steps.filter(({ action }) => action === "kept");
  if (dryRun) {
    out.line(
      `${countOf(written, "file")} would be written. This was a dry run: nothing was changed.`,
    );
    return;
  }
  const there = shownPath(dir);
  out.line(`${countOf(written, "file")} written in ${there === "." ? "this folder" : there}.`);
  if (kept.length > 0) {
    const [first] = kept;
    out.line(
      `${countOf(kept.length, "file")} kept as they were; to take the new one: --force ${first?.path ?? ""}`,
    );
  }
  sayNext(out, there === "." ? "ctb-data migrate up" : `cd ${there} && ctb-data migrate up`);
}
