import { defaultOf } from "./env-example.ts";
import { settingFacts, settingNames } from "./settings.ts";

/** The text of `global-config.yaml`: every section that has defaults, with its defaults. */
export function configTemplate(): string {
  const lines = [
    "# Settings that the whole team shares. Flags, the environment and .env say otherwise where they do.",
    "# Secrets do not belong here: this file is committed.",
    "data:",
  ];
  let section = "";
  const entries = settingNames
    .flatMap((name) => {
      const [group, key] = settingFacts[name].yaml?.split(".") ?? [];
      return group === undefined || key === undefined ? [] : [{ name, group, key }];
    })
    .filter(({ name }) => defaultOf(name) !== "");
  for (const group of new Set(entries.map((entry) => entry.group))) {
    for (const { name, key } of entries.filter((entry) => entry.group === group)) {
      if (group !== section) {
        lines.push(`  ${group}:`);
        section = group;
      }
      lines.push(
        `    # ${settingFacts[name].about} (${name})`,
        `    ${key}: ${yamlValue(defaultOf(name))}`,
      );
    }
  }
  return `${lines.join("\n")}\n`;
}

function yamlValue(text: string): string {
  return /^[\w./-]+$/u.test(text) ? text : JSON.stringify(text);
}
