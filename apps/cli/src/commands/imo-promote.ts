import type { CommandContext } from "../command-context.ts";
import type { ExitCode } from "../exit-code.ts";
import { type OneFlags, performOne } from "../imo/perform-one.ts";

/** `ctb-data imo promote` */
export async function imoPromote(context: CommandContext, flags: OneFlags): Promise<ExitCode> {
  return await performOne(context, flags, { step: "promote" });
}
