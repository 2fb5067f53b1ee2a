import { type Command, Option } from "@commander-js/extra-typings";
import { helpFooter } from "../help.ts";
import type { ProgramParts } from "../program.ts";

/** `registry validate | show | docs | diff`. */
export function addRegistryCommands(parts: ProgramParts): void {
  const group = parts.program
    .command("registry")
    .description("Check, show, document and compare column registries")
    .addHelpText("after", () => helpFooter(parts.terminal, "ctb-data registry validate"));
  addChecking({ ...parts, group });
  addShowing({ ...parts, group });
}

interface GroupParts extends ProgramParts {
  readonly group: Command;
}

function addChecking({ group, terminal, run }: GroupParts): void {
  group
    .command("validate")
    .description("Check the registry and the vendor blueprints, and name everything that is wrong")
    .argument("[path]", "a registry file or folder other than the configured one")
    .option("--strict", "unknown keys are errors too, not only warnings")
    .option("--blueprints <dir>", "the folder of the vendor blueprints")
    .addHelpText("after", () => helpFooter(terminal, "ctb-data registry validate --strict"))
    .action(async (path, options) => {
      await run(async (context) => {
        const { registryValidate } = await import("../commands/registry-validate.ts");
        return await registryValidate(context, { path, ...options });
      });
    });
  group
    .command("diff")
    .description("Compare two registries; exit with 3 when they differ")
    .argument("<before>", "the older registry: a file or a folder")
    .argument("[after]", "the newer one; the configured registry otherwise")
    .addHelpText("after", () =>
      helpFooter(terminal, "ctb-data registry diff old.yml db/registry/clnt_column_registry.yml"),
    )
    .action(async (before, after) => {
      await run(async (context) => {
        const { registryDiff } = await import("../commands/registry-diff.ts");
        return await registryDiff(context, { before, after });
      });
    });
}

function addShowing({ group, terminal, run }: GroupParts): void {
  group
    .command("show")
    .description("Show the tables of the registry, or the columns of some of them")
    .argument("[table...]", "the tables to show in full")
    .option("--registry <path>", "the registry: a file or a folder")
    .addHelpText("after", () => helpFooter(terminal, "ctb-data registry show clients"))
    .action(async (tables, options) => {
      await run(async (context) => {
        const { registryShow } = await import("../commands/registry-show.ts");
        return await registryShow(context, { tables, ...options });
      });
    });
  group
    .command("docs")
    .description("Write the registry as Markdown, or as a Mermaid diagram")
    .addOption(
      new Option("--format <format>", "what to write")
        .choices(["markdown", "mermaid"] as const)
        .default("markdown" as const),
    )
    .option("--out <file>", "write to this file instead of stdout")
    .option("--registry <path>", "the registry: a file or a folder")
    .option("--dry-run", "with --out: only say what would be written")
    .addHelpText("after", () => helpFooter(terminal, "ctb-data registry docs --out docs/data.md"))
    .action(async (options) => {
      await run(async (context) => {
        const { registryDocs } = await import("../commands/registry-docs.ts");
        return await registryDocs(context, options);
      });
    });
}
