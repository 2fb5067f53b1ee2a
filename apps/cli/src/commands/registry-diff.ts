import { describeChange, diffRegistries } from "@ctb-data/registry";
import type { CommandContext } from "../command-context.ts";
import { settingPath } from "../config/load-settings.ts";
import { exitCode, type ExitCode } from "../exit-code.ts";
import { loadRegistryAt } from "../project/load-project-registry.ts";
import { countOf } from "../terminal/count-of.ts";
import { sayNext } from "../terminal/next-step.ts";
import { printJson } from "../terminal/print-json.ts";
import { wrapText } from "../terminal/wrap-text.ts";

interface DiffFlags {
  readonly before: string;
  readonly after: string | undefined;
}

/** `ctb-data registry diff` */
export async function registryDiff(context: CommandContext, flags: DiffFlags): Promise<ExitCode> {
  const { terminal } = context;
  const { out } = terminal;
  const { settings } = await context.settings();
  const before = await loadRegistryAt(context, settingPath(context.dir, flags.before));
  const after = await loadRegistryAt(
    context,
    settingPath(context.dir, flags.after ?? settings.REGISTRY_PATH),
  );
  const changes = diffRegistries(before, after);
  const code = changes.length === 0 ? exitCode.done : exitCode.different;
  if (terminal.json) {
    printJson(terminal, {
      changes: changes.map((change) => ({ ...change, description: describeChange(change) })),
    });
    return code;
  }
  if (changes.length === 0) {
    out.line("No difference.");
    return code;
  }
  for (const change of changes) {
    const mark = change.destructive ? out.paint("red", "!") : out.paint("green", "+");
    out.line(wrapText(`${mark} ${describeChange(change)}`, out.columns, "  "));
  }
  const destructive = changes.filter((change) => change.destructive).length;
  const danger =
    destructive === 0
      ? ""
      : `, ${destructive} of them may lose data, or be refused for data that is there (!)`;
  out.line();
  out.line(`${countOf(changes.length, "change")}${danger}.`);
  sayNext(out, `ctb-data migrate create "what changes" --from ${flags.before}`);
  return code;
}
