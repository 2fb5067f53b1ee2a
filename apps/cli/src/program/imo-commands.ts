import { type Command, Option } from "@commander-js/extra-typings";
import { helpFooter } from "../help.ts";
import type { ProgramParts } from "../program.ts";
import { collect, once, parseCount, parseLease } from "./parse-option.ts";

/** `imo intake | validate | promote | export | run | status | cancel | retry`. */
export function addImoCommands(parts: ProgramParts): void {
  const group = parts.program
    .command("imo")
    .description(
      "Run vendor blueprints: files into Firestore, valid records into PostgreSQL, rows out to vendors",
    )
    .addHelpText("after", () =>
      helpFooter(
        parts.terminal,
        "ctb-data imo run companies.csv --vendor company_list",
        "ctb-data imo export --vendor acme",
        "ctb-data imo status",
      ),
    );
  const groupParts = { ...parts, group };
  addIntake(groupParts);
  addMiddle(groupParts);
  addExport(groupParts);
  addRun(groupParts);
  addStatus(groupParts);
  addCancelAndRetry(groupParts);
}

interface GroupParts extends ProgramParts {
  readonly group: Command;
}

const flags = {
  vendor: [
    "--vendor <name>",
    "whose blueprint; name@version where there are several. Without it the only one that will do",
    once,
  ] as const,
  dryRun: [
    "--dry-run",
    "write nothing, only say what would become of each record; exit with 3 when something would be written",
  ] as const,
  batch: [
    "--batch <n>",
    "so many documents in a transaction (2,000 unless said)",
    parseCount,
  ] as const,
  lease: [
    "--lease <seconds>",
    "work whose runner shows no life for so long is taken over (30 unless said)",
    parseLease,
  ] as const,
  rejects: [
    "--rejects <file>",
    "where records go that can become no documents; FILE.rejected.ndjson otherwise",
  ] as const,
  out: [
    "--out <file>",
    "the file, or - for stdout; exports/<vendor>.<csv|ndjson|txt> otherwise",
  ] as const,
  registry: ["--registry <path>", "the registry: a file or a folder"] as const,
};

/** `--blueprint ID` */
function blueprintOption() {
  return new Option("--blueprint <id>", "a row of the table blueprints instead of a file")
    .argParser(parseCount)
    .conflicts("vendor");
}

function addIntake({ group, terminal, run }: GroupParts): void {
  group
    .command("intake")
    .description(
      "Take a vendor's file into the intake collection; exit with 3 when records were refused. The same file twice changes nothing",
    )
    .argument("<file>", "CSV, JSON or NDJSON as the blueprint says, also .gz and .zst")
    .option(...flags.vendor)
    .addOption(blueprintOption())
    .option(...flags.rejects)
    .option(...flags.dryRun)
    .option(...flags.lease)
    .option(...flags.registry)
    .addHelpText("after", () =>
      helpFooter(
        terminal,
        "ctb-data imo intake companies.csv",
        "ctb-data imo intake companies.csv.gz --dry-run",
      ),
    )
    .action(async (file, options) => {
      await run(async (context) => {
        const { imoIntake } = await import("../commands/imo-intake.ts");
        return await imoIntake(context, { file, ...options });
      });
    });
}

function addMiddle({ group, terminal, run }: GroupParts): void {
  const add = (name: "validate" | "promote", description: string) =>
    group
      .command(name)
      .description(description)
      .option(...flags.vendor)
      .addOption(blueprintOption())
      .option(...flags.dryRun)
      .option(...flags.batch)
      .option(...flags.lease)
      .option(...flags.registry)
      .addHelpText("after", () =>
        helpFooter(
          terminal,
          `ctb-data imo ${name}`,
          `ctb-data imo ${name} --vendor company_list --dry-run`,
        ),
      );
  add(
    "validate",
    "Judge every intake document: what is wrong with it goes to the collection validation_failed; exit with 3 then",
  ).action(async (options) => {
    await run(async (context) => {
      const { imoValidate } = await import("../commands/imo-validate.ts");
      return await imoValidate(context, options);
    });
  });
  add(
    "promote",
    "Judge every intake document, and move valid ones into PostgreSQL, exactly once; exit with 3 when some were refused",
  ).action(async (options) => {
    await run(async (context) => {
      const { imoPromote } = await import("../commands/imo-promote.ts");
      return await imoPromote(context, options);
    });
  });
}

function addExport({ group, terminal, run }: GroupParts): void {
  group
    .command("export")
    .description(
      "Write rows in a vendor's own columns, the whole file or none; exit with 3 when records were refused",
    )
    .option(...flags.vendor)
    .addOption(blueprintOption())
    .option(...flags.out)
    .option(...flags.dryRun)
    .option(...flags.lease)
    .option(...flags.registry)
    .addHelpText("after", () =>
      helpFooter(
        terminal,
        "ctb-data imo export --vendor acme",
        "ctb-data imo export --vendor acme --out acme.csv.gz",
      ),
    )
    .action(async (options) => {
      await run(async (context) => {
        const { imoExport } = await import("../commands/imo-export.ts");
        return await imoExport(context, options);
      });
    });
}

function addRun({ group, terminal, run }: GroupParts): void {
  group
    .command("run")
    .description(
      "Do all that a blueprint has: intake of FILE, promote, export; exit with 3 when records were refused. Any number of processes share one run",
    )
    .argument("[file]", "what is taken in; without it only documents that are there")
    .option(
      "--vendor <name>",
      "whose blueprint, or name@version; given again, one after the other, what is referred to first",
      collect,
    )
    .addOption(blueprintOption())
    .option(...flags.out)
    .option(...flags.dryRun)
    .option(...flags.batch)
    .option(...flags.lease)
    .option(...flags.registry)
    .addHelpText("after", () =>
      helpFooter(
        terminal,
        "ctb-data imo run companies.csv --vendor company_list",
        "ctb-data imo run --vendor company_list --vendor acme",
      ),
    )
    .action(async (file, options) => {
      await run(async (context) => {
        const { imoRun } = await import("../commands/imo-run.ts");
        return await imoRun(context, { file, ...options });
      });
    });
}

const newestRuns = 20;

function addStatus({ group, terminal, run }: GroupParts): void {
  group
    .command("status")
    .description(
      "Show runs, or all of one: stages, counts, positions, workers, the first errors; exit with 3 for one that has failed",
    )
    .argument("[run]", "its number; without it, the newest runs", parseCount)
    .addOption(
      new Option("--limit <n>", "so many runs")
        .argParser(parseCount)
        .default(newestRuns, `${newestRuns}`),
    )
    .option(...flags.registry)
    .addHelpText("after", () =>
      helpFooter(terminal, "ctb-data imo status", "ctb-data imo status 12 --json"),
    )
    .action(async (id, options) => {
      await run(async (context) => {
        const { imoStatus } = await import("../commands/imo-status.ts");
        return await imoStatus(context, { run: id, ...options });
      });
    });
}

function addCancelAndRetry({ group, terminal, run }: GroupParts): void {
  group
    .command("cancel")
    .description(
      "Cancel a run for all who work at it; what was written stays, and retry goes on with it",
    )
    .argument("<run>", "its number", parseCount)
    .option(...flags.registry)
    .addHelpText("after", () => helpFooter(terminal, "ctb-data imo cancel 12"))
    .action(async (id, options) => {
      await run(async (context) => {
        const { imoCancel } = await import("../commands/imo-cancel.ts");
        return await imoCancel(context, { run: id, ...options });
      });
    });
  group
    .command("retry")
    .description("Go on with a run that failed or was cancelled, where it stopped")
    .argument("<run>", "its number", parseCount)
    .argument("[file]", "what was taken in, where it is not where it was")
    .option(...flags.rejects)
    .option(...flags.dryRun)
    .option(...flags.batch)
    .option(...flags.lease)
    .option(...flags.registry)
    .addHelpText("after", () =>
      helpFooter(terminal, "ctb-data imo retry 12", "ctb-data imo retry 12 companies.csv"),
    )
    .action(async (id, file, options) => {
      await run(async (context) => {
        const { imoRetry } = await import("../commands/imo-retry.ts");
        return await imoRetry(context, { run: id, file, ...options });
      });
    });
}
