import { renderErd, renderMarkdown } from "@ctb-data/registry";
import { type CommandContext, flagLayer } from "../command-context.ts";
import { settingPath } from "../config/load-settings.ts";
import { exitCode, type ExitCode } from "../exit-code.ts";
import { loadProjectRegistry } from "../project/load-project-registry.ts";
import { readIfThere } from "../project/read-if-there.ts";
import { shownPath } from "../project/shown-path.ts";
import { writeAtomically } from "../project/write-atomically.ts";
import { printJson } from "../terminal/print-json.ts";

interface DocsFlags {
  readonly format: "markdown" | "mermaid";
  readonly out?: string | undefined;
  readonly registry?: string | undefined;
  readonly dryRun?: true | undefined;
}

/** `ctb-data registry docs` */
export async function registryDocs(context: CommandContext, flags: DocsFlags): Promise<ExitCode> {
  const { terminal } = context;
  const { settings } = await context.settings(
    flagLayer({ REGISTRY_PATH: { flag: "--registry", value: flags.registry } }),
  );
  const registry = await loadProjectRegistry(context, settings);
  const content = flags.format === "mermaid" ? renderErd(registry) : renderMarkdown(registry);
  if (flags.out === undefined) {
    if (terminal.json) {
      printJson(terminal, { format: flags.format, content });
    } else {
      terminal.out.write(`${content.trimEnd()}\n`);
    }
    return exitCode.done;
  }
  const path = settingPath(context.dir, flags.out);
  const changed = (await readIfThere(path)) !== content;
  const dryRun = flags.dryRun === true;
  if (changed && !dryRun) {
    await writeAtomically(path, content);
  }
  if (terminal.json) {
    printJson(terminal, { format: flags.format, file: shownPath(path), changed, dryRun });
    return exitCode.done;
  }
  const verb = dryRun ? "Would write" : "Wrote";
  terminal.out.line(changed ? `${verb} ${shownPath(path)}.` : `${shownPath(path)} is up to date.`);
  return exitCode.done;
}
