import { readFile } from "node:fs/promises";
import { isMap, isScalar, isSeq, LineCounter, type Pair, parseDocument, type YAMLMap } from "yaml";
import { CliError } from "../cli-error.ts";
import { isMissing } from "../project/is-missing.ts";
import type { Given, Layer } from "./layer.ts";
import { settingFacts, type SettingName, settingNames } from "./settings.ts";

/** What a configuration file says, and what in it means nothing to this program. */
export interface ConfigFile {
  readonly layer: Layer;
  /** Full sentences. */
  readonly warnings: readonly string[];
}

const nothing: ConfigFile = { layer: new Map(), warnings: [] };

/**
 * Reads `global-config.yaml`; nothing when there is no such file and nobody named it. Sections stand under `data` or at the top.
 * Sections of others are left alone; a key that is unknown inside one of ours is a warning.
 *
 * @throws {CliError} NOT_FOUND when a file that was named is not there; INVALID_CONFIG when it is not YAML, a setting is not a
 * single value, or it holds a password.
 */
export async function loadConfigFile(
  path: string,
  options: { readonly shownAs: string; readonly named: boolean },
): Promise<ConfigFile> {
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (cause) {
    if (isMissing(cause) && !options.named) {
      return nothing;
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
  return parseConfigFile(text, options.shownAs);
}

/** The same for a text: what the file `file` with this content says. */
export function parseConfigFile(text: string, file: string): ConfigFile {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const syntax = document.errors[0];
  if (syntax !== undefined) {
    const { line, col } = lines.linePos(syntax.pos[0]);
    throw invalid(`${file}:${line}:${col} is not valid YAML: ${syntax.message}.`);
  }
  if (document.contents === null) {
    return nothing;
  }
  if (!isMap(document.contents)) {
    throw invalid(`${file}:1:1 must be a map of sections, such as data:.`);
  }
  const at = (offset: number | undefined): string => {
    const { line, col } = lines.linePos(offset ?? 0);
    return `${file}:${line}:${col}`;
  };
  const data: unknown = document.contents.get("data");
  // `data` comes second, so that it wins.
  const roots = [document.contents, ...(isMap(data) ? [data] : [])];
  const layer = new Map<SettingName, Given>();
  const warnings: string[] = [];
  for (const root of roots) {
    for (const section of sectionsOf(root)) {
      for (const { key, offset, pair } of section.entries) {
        const name = settingAt(`${section.name}.${key}`);
        if (name === undefined) {
          const known = keysOf(section.name).join(", ");
          warnings.push(
            `${at(offset)} ${section.name}.${key} is not a setting; ${section.name} has ${known}.`,
          );
          continue;
        }
        const given = valueOf(pair, {
          where: `${at(offset)} ${section.name}.${key}`,
          isList: settingFacts[name].list === true,
        });
        if (given !== undefined) {
          layer.set(name, { value: given, origin: at(offset) });
        }
      }
    }
  }
  refusePassword(layer.get("DATABASE_URL"));
  return { layer, warnings };
}

interface Section {
  readonly name: string;
  readonly entries: readonly Entry[];
}

interface Entry {
  readonly key: string;
  readonly offset: number | undefined;
  readonly pair: Pair;
}

const sectionNames = new Set(
  settingNames.flatMap((name) => settingFacts[name].yaml?.split(".")[0] ?? []),
);

function sectionsOf(root: YAMLMap): readonly Section[] {
  return entriesOf(root)
    .filter(({ key }) => sectionNames.has(key))
    .flatMap(({ key, pair }) =>
      isMap(pair.value) ? [{ name: key, entries: entriesOf(pair.value) }] : [],
    );
}

function entriesOf(map: YAMLMap): readonly Entry[] {
  return map.items.map((pair) => ({
    key: isScalar(pair.key) ? String(pair.key.value) : String(pair.key),
    offset: isScalar(pair.key) ? pair.key.range?.[0] : undefined,
    pair,
  }));
}

function settingAt(path: string): SettingName | undefined {
  return settingNames.find((name) => settingFacts[name].yaml === path);
}

function keysOf(section: string): readonly string[] {
  return settingNames.flatMap((name) => {
    const path = settingFacts[name].yaml;
    return path?.startsWith(`${section}.`) === true ? path.slice(section.length + 1) : [];
  });
}

function valueOf(
  pair: Pair,
  { where, isList }: { readonly where: string; readonly isList: boolean },
): string | undefined {
  if (isList && isSeq(pair.value)) {
    const items = pair.value.items.map((item) => textOf(isScalar(item) ? item.value : item, where));
    return items.join(",");
  }
  const value: unknown = isScalar(pair.value) ? pair.value.value : pair.value;
  return value === null ? undefined : textOf(value, where);
}

function textOf(value: unknown, where: string): string {
  if (typeof value === "string" || typeof value === "number" || typeof value === "boolean") {
    return String(value);
  }
  throw invalid(`${where} must be a single value.`);
}

function refusePassword(url: Given | undefined): void {
  if (url !== undefined && URL.canParse(url.value) && new URL(url.value).password !== "") {
    throw new CliError(
      "INVALID_CONFIG",
      `${url.origin} database.url holds a password, and this file is committed.`,
      {
        hint: "Move it to .env (git-ignored) as DATABASE_URL=…, and change the password if it was ever pushed.",
      },
    );
  }
}

function invalid(message: string): CliError {
  return new CliError("INVALID_CONFIG", message, {
    hint: "Mend the file and run it again. Nothing was touched.",
  });
}
