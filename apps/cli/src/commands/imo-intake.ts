import { resolve } from "node:path";
import type { CommandContext } from "../command-context.ts";
import type { ExitCode } from "../exit-code.ts";
import { inputFile } from "../imo/input-file.ts";
import { type OneFlags, performOne } from "../imo/perform-one.ts";

interface ImoIntakeFlags extends OneFlags {
  readonly file: string;
  readonly rejects?: string | undefined;
}

/** `ctb-data imo intake` */
export async function imoIntake(context: CommandContext, flags: ImoIntakeFlags): Promise<ExitCode> {
  const file = await inputFile(context.dir, flags.file);
  const rejects = flags.rejects === undefined ? undefined : resolve(context.dir, flags.rejects);
  return await performOne(context, flags, {
    step: "intake",
    words: [flags.file, ...(flags.rejects === undefined ? [] : ["--rejects", flags.rejects])],
    withOf: async () => await Promise.resolve({ file, rejects }),
  });
}
