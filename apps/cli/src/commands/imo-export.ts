import type { CommandContext } from "../command-context.ts";
import type { ExitCode } from "../exit-code.ts";
import { exportFileOf } from "../imo/export-file.ts";
import { type OneFlags, performOne } from "../imo/perform-one.ts";

interface ImoExportFlags extends OneFlags {
  readonly out?: string | undefined;
}

/** `ctb-data imo export` */
export async function imoExport(context: CommandContext, flags: ImoExportFlags): Promise<ExitCode> {
  return await performOne(context, flags, {
    step: "export",
    words: flags.out === undefined ? [] : ["--out", flags.out],
    withOf: async ({ stored: { blueprint } }) => ({
      output: await exportFileOf(context.dir, blueprint, flags),
    }),
  });
}
