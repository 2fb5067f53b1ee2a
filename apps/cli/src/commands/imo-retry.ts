import { resolve } from "node:path";
import type { PipelineStep, RunRecord, StageName } from "@ctb-data/pipeline";
import { CliError } from "../cli-error.ts";
import type { CommandContext } from "../command-context.ts";
import type { ExitCode } from "../exit-code.ts";
import { keptBlueprint, type MeantBlueprint } from "../imo/chosen-blueprints.ts";
import { commandOf } from "../imo/command-of.ts";
import { exportFileOf } from "../imo/export-file.ts";
import { inputFile } from "../imo/input-file.ts";
import { loadImoProject, openImoStores } from "../imo/open-imo-stores.ts";
import {
  codeOfPerformed,
  performedJson,
  performRun,
  sayPerformed,
  type Work,
  type WorkFlags,
} from "../imo/perform-run.ts";
import { stageNames } from "../imo/run-counts.ts";
import { printJson } from "../terminal/print-json.ts";

interface ImoRetryFlags extends WorkFlags {
  readonly run: number;
  readonly file?: string | undefined;
  readonly rejects?: string | undefined;
  readonly registry?: string | undefined;
}

/** `ctb-data imo retry` */
export async function imoRetry(context: CommandContext, flags: ImoRetryFlags): Promise<ExitCode> {
  const { terminal } = context;
  await using opened = await openImoStores(context, await loadImoProject(context, flags));
  const { readRun, retryRun } = await import("@ctb-data/pipeline");
  const before = await readRun(opened.stores, flags.run);
  const meant = await keptBlueprint(opened, before.blueprintId);
  const work = await workOf(context, { record: before, meant, flags });
  if (flags.dryRun !== true) await retryRun(opened.stores, flags.run);
  const words = ["retry", String(flags.run), ...(flags.file === undefined ? [] : [flags.file])];
  const performed = await performRun(context, opened, {
    meant,
    work,
    flags,
    command: commandOf(words, { flags: "" }, flags),
  });
  if (terminal.json) printJson(terminal, performedJson(performed));
  else sayPerformed(context, performed);
  return codeOfPerformed(performed);
}

interface Retried {
  readonly record: RunRecord;
  readonly meant: MeantBlueprint;
  readonly flags: ImoRetryFlags;
}

/** What was begun and is not done, with what it was begun with; where that is nothing, all that the blueprint has beyond it. */
async function workOf(context: CommandContext, { record, meant, flags }: Retried): Promise<Work> {
  const { blueprint } = meant.stored;
  const steps = stageNames.flatMap((name) => stepOf(record, name));
  const isIn = steps.includes("intake");
  const target = record.output?.target?.file;
  return {
    steps: steps.length === 0 ? undefined : steps,
    file: isIn ? await fileOf(context, record, flags) : undefined,
    rejects: flags.rejects === undefined ? undefined : resolve(context.dir, flags.rejects),
    output: await exportFileOf(context.dir, blueprint, {
      dryRun: flags.dryRun,
      out: blueprint.export?.output.format === "table" ? undefined : target,
    }),
    run: flags.dryRun === true ? undefined : record.id,
  };
}

function stepOf(record: RunRecord, name: StageName): readonly PipelineStep[] {
  const stage = record[name];
  return stage?.step === undefined || stage.state === "done" ? [] : [stage.step];
}

/** @throws {CliError} NOT_FOUND */
async function fileOf(
  context: CommandContext,
  { id, input }: RunRecord,
  { file }: ImoRetryFlags,
): Promise<string> {
  const known = file ?? input?.target?.file;
  if (known !== undefined) return await inputFile(context.dir, known);
  throw new CliError(
    "NOT_FOUND",
    `The intake of run ${id} is not done, and nobody has kept of what file.`,
    {
      hint: `Name it: ctb-data imo retry ${id} FILE`,
    },
  );
}
