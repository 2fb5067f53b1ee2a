import type { CollectionReport, Finding, ValidationReport } from "@ctb-data/firestore";
import { type CommandContext, flagLayer } from "../command-context.ts";
import { exitCode, type ExitCode } from "../exit-code.ts";
import { loadProjectRegistry } from "../project/load-project-registry.ts";
import { openProjectFirestore } from "../project/open-firestore.ts";
import { countOf } from "../terminal/count-of.ts";
import { printJson } from "../terminal/print-json.ts";
import { printable } from "../terminal/printable.ts";
import { openProgress } from "../terminal/progress-bar.ts";
import type { Channel } from "../terminal/terminal.ts";
import { wrapText } from "../terminal/wrap-text.ts";

interface ValidateFlags {
  /** Empty: all of the registry. */
  readonly collections: readonly string[];
  readonly sample?: number | undefined;
  readonly strict?: true | undefined;
  readonly registry?: string | undefined;
}

/** `ctb-data firestore validate` */
export async function firestoreValidate(
  context: CommandContext,
  flags: ValidateFlags,
): Promise<ExitCode> {
  const { terminal, signal } = context;
  const { settings } = await context.settings(
    flagLayer({ REGISTRY_PATH: { flag: "--registry", value: flags.registry } }),
  );
  const registry = await loadProjectRegistry(context, settings);
  await using opened = await openProjectFirestore(context, settings, { registry });
  using progress = await openProgress(terminal);
  const collections = flags.collections.length === 0 ? undefined : flags.collections;
  progress.start(collections?.length ?? registry.tables.size + registry.collections.size);
  const seen = new Set<string>();
  const report = await opened.firestore.validate({
    ...(collections === undefined ? {} : { collections }),
    ...(flags.sample === undefined ? {} : { sample: flags.sample }),
    signal,
    onProgress: ({ collection, documents }) => {
      seen.add(collection);
      progress.update(seen.size, `${collection}: ${documents}`);
    },
  });
  progress[Symbol.dispose]();
  const strict = flags.strict === true;
  const fits = strict
    ? report.ok
    : report.collections.every(({ findings }) => findings.every(isUnknown));
  if (terminal.json) {
    printJson(terminal, {
      fits,
      strict,
      database: opened.firestore.description,
      documents: report.documents,
      invalid: report.invalid,
      collections: report.collections,
      unknownCollections: report.unknownCollections,
    });
  } else {
    sayReport(terminal.out, report, { strict, fits });
  }
  return fits ? exitCode.done : exitCode.different;
}

/** The registry does not know the field: a warning, as unknown keys of a registry are. */
function isUnknown({ kind }: Finding): boolean {
  return kind === "unknown field";
}

function sayReport(
  out: Channel,
  report: ValidationReport,
  { strict, fits }: { readonly strict: boolean; readonly fits: boolean },
): void {
  for (const collection of report.collections) {
    sayCollection(out, collection, strict);
  }
  for (const { path, example } of report.unknownCollections) {
    const where = example === undefined ? "" : `, for example under ${printable(example)}`;
    out.line(
      `${mark(out, strict)} ${printable(path)}: the registry has no such collection${where}`,
    );
  }
  const looked = `${countOf(report.documents, "document")} looked at`;
  const unfit = `${report.invalid} not as the registry has it`;
  out.line(
    fits && report.invalid === 0
      ? `${out.paint("green", "✓")} ${looked}: all fit.`
      : `${looked}, ${unfit}.${fits ? " Only names are unknown: --strict takes that for a fault." : ""}`,
  );
}

function sayCollection(out: Channel, report: CollectionReport, strict: boolean): void {
  const { collection, documents, invalid, complete, findings } = report;
  const part = complete ? "" : " of a sample";
  out.line(
    out.paint(
      "bold",
      `${collection}: ${countOf(documents, "document")}${part}${invalid === 0 ? ", all fit" : `, ${invalid} not`}`,
    ),
  );
  for (const finding of findings) {
    const { field, message, documents: count, examples } = finding;
    const shown = examples.map((path) => printable(path.slice(path.indexOf("/") + 1))).join(", ");
    const more = count > examples.length ? ", …" : "";
    out.line(
      wrapText(
        `  ${mark(out, strict || !isUnknown(finding))} ${field === "" ? "" : `${printable(field)} `}${printable(message)}: ${countOf(count, "document")} (${shown}${more})`,
        out.columns,
        "      ",
      ),
    );
  }
}

function mark(out: Channel, isError: boolean): string {
  return isError ? out.paint("red", "error  ") : out.paint("yellow", "warning");
}
