import { CliError } from "../cli-error.ts";
import type { CommandContext } from "../command-context.ts";
import { exitCode, type ExitCode } from "../exit-code.ts";
import type { Direction } from "../imo/choose-blueprint.ts";
import {
  chooseBlueprints,
  keepBlueprint,
  keptBlueprint,
  type MeantBlueprint,
} from "../imo/chosen-blueprints.ts";
import { commandOf } from "../imo/command-of.ts";
import { exportFileOf } from "../imo/export-file.ts";
import { inputFile } from "../imo/input-file.ts";
import { type ImoProject, loadImoProject, openImoStores } from "../imo/open-imo-stores.ts";
import { orderBlueprints } from "../imo/order-blueprints.ts";
import {
  codeOfPerformed,
  type Performed,
  performedJson,
  performRun,
  sayPerformed,
  type WorkFlags,
} from "../imo/perform-run.ts";
import { printJson } from "../terminal/print-json.ts";

interface ImoRunFlags extends WorkFlags {
  readonly file?: string | undefined;
  readonly out?: string | undefined;
  readonly registry?: string | undefined;
  readonly vendor?: readonly string[] | undefined;
  readonly blueprint?: number | undefined;
}

/** `ctb-data imo run` */
export async function imoRun(context: CommandContext, flags: ImoRunFlags): Promise<ExitCode> {
  const { terminal } = context;
  const file = flags.file === undefined ? undefined : await inputFile(context.dir, flags.file);
  const project = await loadImoProject(context, flags);
  const chosen = await chosenOf(context, project, flags);
  await using opened = await openImoStores(context, project);
  const all: MeantBlueprint[] =
    flags.blueprint === undefined ? [] : [await keptBlueprint(opened, flags.blueprint)];
  for (const each of chosen) {
    all.push(await keepBlueprint(opened, each, { dryRun: flags.dryRun === true }));
  }
  const done: Performed[] = [];
  for (const meant of all) {
    const { blueprint } = meant.stored;
    const isIn = blueprint.intake !== undefined;
    const out = all.length === 1 || blueprint.export !== undefined ? flags.out : undefined;
    const performed = await performRun(context, opened, {
      meant,
      work: {
        steps: undefined,
        file: isIn ? file : undefined,
        output: await exportFileOf(context.dir, blueprint, { ...flags, out }),
      },
      flags,
      command: commandOf(wordsOf(flags, { isIn, out }), meant, flags),
      isOneOfMany: all.length > 1,
    });
    done.push(performed);
    if (!terminal.json) sayPerformed(context, performed);
  }
  if (terminal.json) {
    const refused = done.reduce((sum, each) => sum + each.refused, 0);
    printJson(terminal, { dryRun: flags.dryRun === true, refused, runs: done.map(performedJson) });
  }
  return done.map(codeOfPerformed).find((code) => code !== exitCode.done) ?? exitCode.done;
}

/** In the order in which they are run. */
async function chosenOf(
  context: CommandContext,
  project: ImoProject,
  flags: ImoRunFlags,
): Promise<Awaited<ReturnType<typeof chooseBlueprints>>> {
  if (flags.blueprint !== undefined) return [];
  const direction: Direction | undefined =
    flags.file !== undefined ? "intake" : flags.out !== undefined ? "export" : undefined;
  const vendors = [...new Set(flags.vendor)];
  const chosen = await chooseBlueprints(context, project, {
    vendors,
    direction: vendors.length > 1 ? undefined : direction,
  });
  for (const [flag, name, way] of [
    ["FILE", flags.file, "intake"],
    ["--out", flags.out, "export"],
  ] as const) {
    const fit = chosen.filter(({ blueprint }) => blueprint[way] !== undefined).length;
    if (name !== undefined && fit !== 1) {
      throw new CliError(
        "USAGE",
        `${flag} says ${name}, and ${fit === 0 ? "none" : fit} of the blueprints ${fit > 1 ? "have" : "has"} an ${way}.`,
        { hint: "Run each vendor by itself: its own file goes with it." },
      );
    }
  }
  return orderBlueprints(chosen, project.registry);
}

function wordsOf(
  { file }: ImoRunFlags,
  { isIn, out }: { readonly isIn: boolean; readonly out: string | undefined },
): readonly string[] {
  return [
    "run",
    ...(file === undefined || !isIn ? [] : [file]),
    ...(out === undefined ? [] : ["--out", out]),
  ];
}
