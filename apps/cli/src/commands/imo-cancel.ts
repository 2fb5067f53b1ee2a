import type { CommandContext } from "../command-context.ts";
import { exitCode, type ExitCode } from "../exit-code.ts";
import { blueprintText } from "../imo/choose-blueprint.ts";
import { loadImoProject, openImoStores } from "../imo/open-imo-stores.ts";
import { sayNext } from "../terminal/next-step.ts";
import { printJson } from "../terminal/print-json.ts";
import { sayItem } from "../terminal/say-item.ts";

interface ImoCancelFlags {
  readonly run: number;
  readonly registry?: string | undefined;
}

/** `ctb-data imo cancel` */
export async function imoCancel(context: CommandContext, flags: ImoCancelFlags): Promise<ExitCode> {
  const { terminal } = context;
  await using opened = await openImoStores(context, await loadImoProject(context, flags));
  const { cancelRun } = await import("@ctb-data/pipeline");
  const record = await cancelRun(opened.stores, flags.run);
  if (terminal.json) {
    printJson(terminal, record);
    return exitCode.done;
  }
  const { out } = terminal;
  sayItem(out, {
    mark: { text: "✓", style: "green" },
    text: `Run ${record.id} of ${blueprintText(record)} is cancelled: nothing more of it is written, and what was written stays.`,
    indent: 0,
  });
  sayNext(out, `ctb-data imo retry ${record.id}`);
  return exitCode.done;
}
