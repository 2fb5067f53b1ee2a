import type { GeneratedDifference } from "@ctb-data/models";
import { CliError } from "../cli-error.ts";
import { type CommandContext, flagLayer } from "../command-context.ts";
import { exitCode, type ExitCode } from "../exit-code.ts";
import { checkPlan, planGenerated, writePlan } from "../project/generated-files.ts";
import { loadProjectRegistry } from "../project/load-project-registry.ts";
import { countOf } from "../terminal/count-of.ts";
import { sayNext } from "../terminal/next-step.ts";
import { printJson } from "../terminal/print-json.ts";
import type { Channel } from "../terminal/terminal.ts";

interface GenerateFlags {
  readonly check?: true | undefined;
  readonly dryRun?: true | undefined;
  readonly registry?: string | undefined;
  readonly out?: string | undefined;
  readonly schema?: string | undefined;
  readonly firestoreTypes?: string | undefined;
  readonly firestoreIndexes?: string | undefined;
  readonly firestoreRules?: string | undefined;
}

/** `ctb-data generate` */
export async function generate(context: CommandContext, flags: GenerateFlags): Promise<ExitCode> {
  const { settings } = await context.settings(
    flagLayer({
      REGISTRY_PATH: { flag: "--registry", value: flags.registry },
      GENERATE_OUT: { flag: "--out", value: flags.out },
      SCHEMA_PATH: { flag: "--schema", value: flags.schema },
      FIRESTORE_TYPES_PATH: { flag: "--firestore-types", value: flags.firestoreTypes },
      FIRESTORE_INDEXES_PATH: { flag: "--firestore-indexes", value: flags.firestoreIndexes },
      FIRESTORE_RULES_PATH: { flag: "--firestore-rules", value: flags.firestoreRules },
    }),
  );
  const registry = await loadProjectRegistry(context, settings);
  const plan = await planGenerated(registry, { dir: context.dir, settings });
  const total = plan.folder.files.length + plan.single.length;
  const differences = await checkPlan(plan);
  if (flags.check === true || flags.dryRun === true) {
    return sayDifferences(context, differences, { total, check: flags.check === true });
  }
  refuseForeign(differences);
  const written = await writePlan(plan);
  const { terminal } = context;
  if (terminal.json) {
    printJson(terminal, { dryRun: false, files: total, written });
    return exitCode.done;
  }
  for (const difference of written) {
    terminal.out.line(`  ${wordOf(terminal.out, difference)} ${difference.path}`);
  }
  terminal.out.line(
    written.length === 0
      ? `All ${countOf(total, "generated file")} are up to date.`
      : `${sayWritten(written, total)}, derived from ${countOf(registry.tables.size, "table")}.`,
  );
  return exitCode.done;
}

function sayWritten(done: readonly GeneratedDifference[], total: number): string {
  const removed = done.filter(({ kind }) => kind === "stale").length;
  const wrote = `Wrote ${countOf(done.length - removed, "file")} of ${total}`;
  return removed === 0 ? wrote : `${wrote} and removed ${countOf(removed, "stale one")}`;
}

/** @throws {CliError} FILE_EXISTS when something that was not generated stands in the way. */
export function refuseForeign(differences: readonly GeneratedDifference[]): void {
  const foreign = differences.filter(({ kind }) => kind === "foreign").map(({ path }) => path);
  if (foreign.length > 0) {
    throw new CliError(
      "FILE_EXISTS",
      `${countOf(foreign.length, "file")} in the way that ctb-data did not generate: ${foreign.join(", ")}.`,
      { hint: "Move them, or name other places under generate in global-config.yaml." },
    );
  }
}

function sayDifferences(
  { terminal }: CommandContext,
  differences: readonly GeneratedDifference[],
  { total, check }: { readonly total: number; readonly check: boolean },
): ExitCode {
  const { out } = terminal;
  const code = check && differences.length > 0 ? exitCode.different : exitCode.done;
  if (terminal.json) {
    printJson(terminal, {
      dryRun: true,
      files: total,
      current: differences.length === 0,
      differences,
    });
    return code;
  }
  if (differences.length === 0) {
    out.line(`All ${countOf(total, "generated file")} are up to date.`);
    return code;
  }
  for (const difference of differences) {
    out.line(`  ${wordOf(out, difference)} ${difference.path}`);
  }
  out.line(
    check
      ? `${countOf(differences.length, "file")} of ${total} not up to date.`
      : `${countOf(differences.length, "file")} of ${total} would be written. This was a dry run: nothing was changed.`,
  );
  sayNext(out, "ctb-data generate");
  return code;
}

function wordOf(out: Channel, { kind }: GeneratedDifference): string {
  const styles = { missing: "green", changed: "yellow", stale: "red", foreign: "red" } as const;
  const words = { missing: "new    ", changed: "changed", stale: "stale  ", foreign: "foreign" };
  return out.paint(styles[kind], words[kind]);
}
