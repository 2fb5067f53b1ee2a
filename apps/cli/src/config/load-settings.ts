import { isAbsolute, resolve } from "node:path";
import type { z } from "zod";
import { CliError } from "../cli-error.ts";
import { loadConfigFile } from "./config-file-layer.ts";
import { environmentLayer, loadEnvFile } from "./env-layer.ts";
import { holdsSecret } from "./holds-secret.ts";
import type { Given, Layer } from "./layer.ts";
import {
  settingFacts,
  type SettingName,
  settingNames,
  type Settings,
  settingsSchema,
} from "./settings.ts";

/** Where the layers are found. */
export interface SettingsSources {
  /** The project's folder, absolute. */
  readonly dir: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** What flags say, by setting. */
  readonly flags?: Layer;
  /** A configuration file other than `global-config.yaml`. */
  readonly configFile?: string;
  /** A file of variables other than `.env`. */
  readonly envFile?: string;
}

/** The settings of one run, and where each one came from. */
export interface LoadedSettings {
  readonly settings: Settings;
  /** What was given, by setting; a setting that is not here has its default. */
  readonly given: Layer;
  /** Full sentences. */
  readonly warnings: readonly string[];
}

/**
 * Joins the layers: flags > environment > `.env` > `global-config.yaml` > defaults. A variable that is there but empty hides the
 * layers below: `DATABASE_URL= ctb-data …` never reaches the database that `.env` names.
 *
 * @throws {CliError} INVALID_CONFIG naming every bad setting and where it came from, without the value of a secret; NOT_FOUND
 * when a file that was named is not there.
 */
export async function loadSettings(sources: SettingsSources): Promise<LoadedSettings> {
  const envFile = await loadEnvFile(resolve(sources.dir, sources.envFile ?? ".env"), {
    shownAs: sources.envFile ?? ".env",
    named: sources.envFile !== undefined,
  });
  const configFile = await loadConfigFile(
    resolve(sources.dir, sources.configFile ?? "global-config.yaml"),
    {
      shownAs: sources.configFile ?? "global-config.yaml",
      named: sources.configFile !== undefined,
    },
  );
  const given = mergeLayers([
    sources.flags ?? new Map(),
    environmentLayer(sources.env),
    envFile,
    configFile.layer,
  ]);
  return { settings: checkSettings(given), given, warnings: configFile.warnings };
}

/** The path that a setting holds, absolute. */
export function settingPath(dir: string, path: string): string {
  return isAbsolute(path) ? path : resolve(dir, path);
}

function mergeLayers(layers: readonly Layer[]): Layer {
  const merged = new Map<SettingName, Given>();
  for (const name of settingNames) {
    const given = layers.map((layer) => layer.get(name)).find((each) => each !== undefined);
    if (given !== undefined && given.value !== "") {
      merged.set(name, given);
    }
  }
  return merged;
}

function checkSettings(given: Layer): Settings {
  const values = Object.fromEntries([...given].map(([name, { value }]) => [name, value]));
  const result = settingsSchema.safeParse(values);
  if (result.success) {
    return result.data;
  }
  const problems = result.error.issues.map((issue) => describe(issue, given));
  throw new CliError("INVALID_CONFIG", problems.join("\n"), {
    hint: "Mend the setting where it came from. Nothing was touched.",
  });
}

function describe(issue: z.core.$ZodIssue, given: Layer): string {
  const name = settingNames.find((each) => each === issue.path[0]);
  const source = name === undefined ? undefined : given.get(name);
  if (name === undefined || source === undefined) {
    return issue.message;
  }
  const { secret, quiet } = settingFacts[name];
  const isSecret = secret === true || quiet === true || holdsSecret(source.value);
  const shown = isSecret ? "" : `, not ${JSON.stringify(source.value)}`;
  return `${name} (from ${source.origin}) ${issue.message}${shown}.`;
}
