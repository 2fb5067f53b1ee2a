import { type Command, InvalidArgumentError, Option } from "@commander-js/extra-typings";
import type { CheckPart } from "@ctb-data/integrity";
import { helpFooter } from "../help.ts";
import type { ProgramParts } from "../program.ts";
import { collect, parseCount, parseSeconds } from "./parse-option.ts";

/** `integrity check | fix | undo | runs`. */
export function addIntegrityCommands(parts: ProgramParts): void {
  const group = parts.program
    .command("integrity")
    .description("Find what is wrong in the data of both stores, repair it, and undo repairs")
    .addHelpText("after", () =>
      helpFooter(
        parts.terminal,
        "ctb-data integrity check",
        "ctb-data integrity fix --dry-run",
        "ctb-data integrity undo --last",
      ),
    );
  addCheck({ ...parts, group });
  addFix({ ...parts, group });
  addUndo({ ...parts, group });
}

interface GroupParts extends ProgramParts {
  readonly group: Command;
}

const flags = {
  table: ["--table <name>", "only this table; may be given again", collect] as const,
  connections: [
    "--connections <n>",
    "so many sessions read side by side (4 unless said)",
    parseCount,
  ] as const,
  statementTimeout: [
    "--statement-timeout <seconds>",
    "PostgreSQL cancels a statement after this time",
    parseSeconds,
  ] as const,
  noFirestore: ["--no-firestore", "leave Firestore alone"] as const,
  registry: ["--registry <path>", "the registry: a file or a folder"] as const,
  yes: ["-y, --yes", "do not ask"] as const,
};

/** `--strategy quarantine | set-null | delete` */
function strategyOption() {
  return new Option(
    "--strategy <kind>",
    "rows in the way: quarantine moves them to ctb_data.quarantine (the default), set-null empties their columns, delete takes them away",
  ).choices(["quarantine", "set-null", "delete"] as const);
}

function addCheck({ group, terminal, run }: GroupParts): void {
  group
    .command("check")
    .description(
      "Look for orphans, duplicates, forbidden values, drift and differences between the stores; exit with 3 when something is found",
    )
    .option(
      "--only <parts>",
      `only these parts, with commas between them: ${partNames.join(", ")}`,
      parseParts,
    )
    .option(...flags.table)
    .addOption(strategyOption())
    .option("--statements", "print every statement of the fixes")
    .option(...flags.connections)
    .option(...flags.statementTimeout)
    .addOption(new Option(...flags.noFirestore).conflicts("store"))
    .addOption(
      new Option("--store <store>", "look at this store alone").choices([
        "postgres",
        "firestore",
      ] as const),
    )
    .option(...flags.registry)
    .addHelpText("after", () =>
      helpFooter(
        terminal,
        "ctb-data integrity check",
        "ctb-data integrity check --only keys --table orders",
        "ctb-data integrity check --json > report.json",
      ),
    )
    .action(async (options) => {
      await run(async (context) => {
        const { integrityCheck } = await import("../commands/integrity-check.ts");
        return await integrityCheck(context, options);
      });
    });
}

function addFix({ group, terminal, run }: GroupParts): void {
  group
    .command("fix")
    .description(
      "Repair what a check finds, so that it cannot happen again; everything that is changed is kept for undo",
    )
    .addOption(strategyOption())
    .option("--only <id>", "only this finding, by its id; may be given again", collect)
    .option(...flags.table)
    .option("--dry-run", "only say what would be done, with its statements; exit with 3 then")
    .option(...flags.yes)
    .option(
      "--lock-timeout <seconds>",
      "how long one lock of a table is waited for (5 unless said)",
      parseSeconds,
    )
    .option(...flags.connections)
    .option(...flags.statementTimeout)
    .option(...flags.noFirestore)
    .option(...flags.registry)
    .addHelpText("after", () =>
      helpFooter(
        terminal,
        "ctb-data integrity fix --dry-run",
        "ctb-data integrity fix --strategy set-null --yes",
      ),
    )
    .action(async (options) => {
      await run(async (context) => {
        const { integrityFix } = await import("../commands/integrity-fix.ts");
        return await integrityFix(context, options);
      });
    });
}

function addUndo({ group, terminal, run }: GroupParts): void {
  group
    .command("undo")
    .description("Put back what a fix has changed; exit with 3 when something could not be")
    .argument("[run]", "the id of the run; without it, the runs are shown")
    .option("--last", "the newest run that is not undone")
    .option("--dry-run", "only say what would be put back")
    .option(...flags.yes)
    .option(...flags.noFirestore)
    .option(...flags.registry)
    .addHelpText("after", () =>
      helpFooter(terminal, "ctb-data integrity undo", "ctb-data integrity undo --last --dry-run"),
    )
    .action(async (id, options) => {
      await run(async (context) => {
        const { integrityUndo } = await import("../commands/integrity-undo.ts");
        return await integrityUndo(context, { run: id, ...options });
      });
    });
  group
    .command("runs")
    .description("Show every run of fix: when, how much it has changed, what is kept of it")
    .option(...flags.registry)
    .addHelpText("after", () => helpFooter(terminal, "ctb-data integrity runs"))
    .action(async (options) => {
      await run(async (context) => {
        const { integrityRuns } = await import("../commands/integrity-undo.ts");
        return await integrityRuns(context, options);
      });
    });
}

const partNames = [
  "rows",
  "references",
  "keys",
  "documents",
  "drift",
] as const satisfies readonly CheckPart[];

/** Reads `rows,keys`. */
function parseParts(text: string): readonly CheckPart[] {
  return text.split(",").map((word) => {
    const part = partNames.find((name) => name === word.trim());
    if (part !== undefined) return part;
    const meant = partNames.find((name) => isNear(name, word.trim()));
    throw new InvalidArgumentError(
      `The parts are ${partNames.join(", ")}.${meant === undefined ? "" : `\n(Did you mean ${meant}?)`}`,
    );
  });
}

/** Whether one of the two begins with the first letters of the other: the names are few, and differ in these. */
function isNear(name: string, word: string): boolean {
  const letters = 3;
  return word.length >= letters && name.startsWith(word.slice(0, letters).toLowerCase());
}
