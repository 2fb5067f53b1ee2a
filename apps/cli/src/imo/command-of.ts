import { shellWord } from "../terminal/shell-word.ts";
import type { MeantBlueprint } from "./chosen-blueprints.ts";
import type { WorkFlags } from "./perform-run.ts";

/** The command that does without `--dry-run` what this one has tried. */
export function commandOf(
  words: readonly string[],
  { flags: blueprint }: Pick<MeantBlueprint, "flags">,
  flags: { readonly registry?: string | undefined } & WorkFlags,
): string {
  const more = [
    ...(flags.batch === undefined ? [] : ["--batch", String(flags.batch)]),
    ...(flags.lease === undefined ? [] : ["--lease", String(flags.lease / 1000)]),
    ...(flags.registry === undefined ? [] : ["--registry", flags.registry]),
  ];
  return `ctb-data imo${typed(words)}${blueprint}${typed(more)}`;
}

function typed(words: readonly string[]): string {
  return words.map((word) => ` ${shellWord(word)}`).join("");
}
