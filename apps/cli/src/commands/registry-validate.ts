import {
  checkRegistry,
  formatProblem,
  type Problem,
  readRegistryFiles,
  type Registry,
} from "@ctb-data/registry";
import { type CommandContext, flagLayer } from "../command-context.ts";
import { settingPath } from "../config/load-settings.ts";
import { exitCode, type ExitCode } from "../exit-code.ts";
import { checkBlueprints } from "../project/check-blueprints.ts";
import { shownPath } from "../project/shown-path.ts";
import { countOf } from "../terminal/count-of.ts";
import { printJson } from "../terminal/print-json.ts";
import type { Channel } from "../terminal/terminal.ts";
import { wrapText } from "../terminal/wrap-text.ts";

interface ValidateFlags {
  readonly path: string | undefined;
  readonly strict?: true | undefined;
  readonly blueprints?: string | undefined;
}

/** `ctb-data registry validate` */
export async function registryValidate(
  context: CommandContext,
  flags: ValidateFlags,
): Promise<ExitCode> {
  const { terminal, signal } = context;
  const { settings } = await context.settings(
    flagLayer({
      REGISTRY_PATH: { flag: "the argument <path>", value: flags.path },
      VENDOR_BLUEPRINTS_DIR: { flag: "--blueprints", value: flags.blueprints },
    }),
  );
  const strict = flags.strict === true;
  const path = shownPath(settingPath(context.dir, settings.REGISTRY_PATH));
  const files = await readRegistryFiles(path, { signal });
  const { registry, problems } = checkRegistry(files, { strict });
  // A registry that was named is checked by itself, unless its blueprints are named too.
  const checksBlueprints =
    registry !== undefined && (flags.path === undefined || flags.blueprints !== undefined);
  const blueprints = checksBlueprints
    ? await checkBlueprints(settingPath(context.dir, settings.VENDOR_BLUEPRINTS_DIR), registry, {
        signal,
      })
    : { files: undefined, problems: [] };
  const all = [...problems, ...blueprints.problems];
  const valid = all.every(({ severity }) => severity === "warning");
  if (terminal.json) {
    printJson(terminal, {
      valid,
      files: files.map(({ file }) => file),
      tables: registry?.tables.size ?? null,
      blueprints: blueprints.files ?? null,
      problems: all,
    });
  } else {
    sayProblems(terminal.out, all);
    if (registry !== undefined && valid) {
      sayValid(terminal.out, path, { registry, blueprints: blueprints.files });
    }
  }
  return valid ? exitCode.done : exitCode.failed;
}

function sayProblems(out: Channel, problems: readonly Problem[]): void {
  for (const problem of problems) {
    const isError = problem.severity === "error";
    const mark = isError ? out.paint("red", "error  ") : out.paint("yellow", "warning");
    out.line(wrapText(`${mark} ${formatProblem(problem)}`, out.columns, "        "));
  }
  const errors = problems.filter(({ severity }) => severity === "error").length;
  if (errors > 0) {
    out.line();
    out.line(`${countOf(errors, "error")}, ${countOf(problems.length - errors, "warning")}.`);
  }
}

function sayValid(
  out: Channel,
  path: string,
  {
    registry,
    blueprints,
  }: { readonly registry: Registry; readonly blueprints: number | undefined },
): void {
  const columns = [...registry.tables.values()].reduce((sum, table) => sum + table.columns.size, 0);
  const parts = [
    countOf(registry.tables.size, "table"),
    countOf(columns, "column"),
    ...(blueprints === undefined ? [] : [countOf(blueprints, "vendor blueprint")]),
  ];
  out.line(
    wrapText(
      `${out.paint("green", "✓")} ${path} is valid: ${parts.join(", ")}.`,
      out.columns,
      "  ",
    ),
  );
}
