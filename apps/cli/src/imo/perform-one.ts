import type { PipelineStep } from "@ctb-data/pipeline";
import type { CommandContext } from "../command-context.ts";
import type { ExitCode } from "../exit-code.ts";
import { printJson } from "../terminal/print-json.ts";
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
  readonly step: PipelineStep;
  /** The command's own words, as `clients.csv`. */
  readonly words?: readonly string[];
  /** What the step is done with. */
  readonly withOf?: (meant: MeantBlueprint) => Promise<Omit<Work, "steps">>;
}

/** Does one step of one blueprint, prints what became of it, and says how it went. */
export async function performOne(
  context: CommandContext,
  flags: OneFlags,
  { step, words = [], withOf }: One,
): Promise<ExitCode> {
  const { terminal } = context;
  const project = await loadImoProject(context, flags);
  const vendors = flags.vendor === undefined ? [] : [flags.vendor];
  // Before anything is opened: what is wrong here is told at once.
  const [chosen] =
    flags.blueprint === undefined
      ? await chooseBlueprints(context, project, {
          vendors,
          direction: step === "export" ? "export" : "intake",
        })
      : [];
  await using opened = await openImoStores(context, project);
  const meant =
    chosen === undefined
      ? await keptBlueprint(opened, flags.blueprint ?? 0)
      : await keepBlueprint(opened, chosen, { steps: [step], dryRun: flags.dryRun === true });
  const performed = await performRun(context, opened, {
    meant,
    work: { steps: [step], ...(await withOf?.(meant)) },
    flags,
    command: commandOf([step, ...words], meant, flags),
  });
  if (terminal.json) {
    printJson(terminal, performedJson(performed));
  } else {
    sayPerformed(context, performed);
  }
  return codeOfPerformed(performed);
}
