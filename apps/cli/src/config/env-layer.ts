import { readFile } from "node:fs/promises";
import { parseEnv } from "node:util";
import { CliError } from "../cli-error.ts";
import { isMissing } from "../project/is-missing.ts";
import type { Given, Layer } from "./layer.ts";
import { type SettingName, settingNames } from "./settings.ts";

/** The settings among the variables of the environment. */
export function environmentLayer(env: Readonly<Record<string, string | undefined>>): Layer {
  return layerOf(env, () => "the environment");
}

/**
 * The settings of a `.env` file; none when there is no such file and nobody named it.
 *
 * @throws {CliError} NOT_FOUND when a file that was named is not there; INVALID_CONFIG when it cannot be read.
 */
export async function loadEnvFile(
  path: string,
  options: { readonly shownAs: string; readonly named: boolean },
): Promise<Layer> {
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (cause) {
    if (isMissing(cause) && !options.named) {
      return new Map();
    }
    throw new CliError(
      isMissing(cause) ? "NOT_FOUND" : "INVALID_CONFIG",
      `${options.shownAs} cannot be read.`,
      {
        hint: "Check its path and who may read it.",
        cause,
      },
    );
  }
  const lines = text.split("\n");
  return layerOf(parseEnv(text), (name) => {
    // The last one wins in parseEnv.
    const line = lines.findLastIndex((each) =>
      new RegExp(`^\\s*(export\\s+)?${name}\\s*=`, "u").test(each),
    );
    return line < 0 ? options.shownAs : `${options.shownAs}:${line + 1}`;
  });
}

function layerOf(
  variables: Readonly<Record<string, string | undefined>>,
  originOf: (name: SettingName) => string,
): Layer {
  const layer = new Map<SettingName, Given>();
  for (const name of settingNames) {
    const value = variables[name];
    if (value !== undefined) {
      layer.set(name, { value, origin: originOf(name) });
    }
  }
  return layer;
}
