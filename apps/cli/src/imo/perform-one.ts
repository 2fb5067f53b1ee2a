import type { CommandContext } from "../command-context.ts";
import type { ExitCode } from "../exit-code.ts";
import { printJson } from "../terminal/print-json.ts";
import type { Direction } from "./choose-blueprint.ts";
import {
  type BlueprintFlags,
  chooseBlueprints,
  keepBlueprint,
  keptBlueprint,
  type MeantBlueprint,
} from "./chosen-blueprints.ts";
import { commandOf } from "./command-of.ts";
import { loadImoProject, openImoStores } from "./open-imo-stores.ts";
import {
  codeOfPerformed,
  performedJson,
  performRun,
  sayPerformed,
  type Work,
  type WorkFlags,
} from "./perform-run.ts";

/** The flags of the commands that do one step of one blueprint. */
export interface OneFlags extends BlueprintFlags, WorkFlags {}

interface One {
  readonly direction: Direction;
  /** The command with its own words, as `intake clients.csv`. */
  readonly words: readonly string[];
  readonly workOf: (meant: MeantBlueprint) => Promise<Work>;
}

/** Does one step of one blueprint, prints what became of it, and says how it went. */
export async function performOne(
  context: CommandContext,
  flags: OneFlags,
  { direction, words, workOf }: One,
): Promise<ExitCode> {
  const { terminal } = context;
  const project = await loadImoProject(context, flags);
  const vendors = flags.vendor === undefined ? [] : [flags.vendor];
  // Before anything is opened: what is wrong here is told at once.
  const [chosen] =
    flags.blueprint === undefined
      ? await chooseBlueprints(context, project, { vendors, direction })
      : [];
  await using opened = await openImoStores(context, project);
  const meant =
    chosen === undefined
      ? await keptBlueprint(opened, flags.blueprint ?? 0)
      : await keepBlueprint(opened, chosen, flags.dryRun === true);
  const performed = await performRun(context, opened, {
    meant,
    work: await workOf(meant),
    flags,
    command: commandOf(words, meant, flags),
  });
  if (terminal.json) {
    printJson(terminal, performedJson(performed));
  } else {
    sayPerformed(context, performed);
  }
  return codeOfPerformed(performed);
}
