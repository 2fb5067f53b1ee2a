import { wrapText } from "../terminal/wrap-text.ts";
import { settingFacts, type SettingName, settingNames, settingsSchema } from "./settings.ts";

/** The text of `.env.example`: every variable, explained, none of them set. */
export function envExample(): string {
  const entries = settingNames.map((name) => {
    const facts = settingFacts[name];
    const value = defaultOf(name);
    const about = value === "" ? facts.about : `${facts.about} Default: ${value}`;
    return `${commented(about)}\n# ${name}=${value === "" ? (facts.example ?? "") : value}\n`;
  });
  return [
    `${commented(
      "Copy this file to .env (git-ignored) and fill in what differs. What counts: flags > environment > .env > global-config.yaml > defaults. A variable that is there but empty hides the layers below it.",
    )}\n`,
    ...entries,
  ].join("\n");
}

/** The text that stands for a setting when nobody sets it; empty for none. */
export function defaultOf(name: SettingName): string {
  const parsed = settingsSchema.safeParse({});
  const value = parsed.success ? parsed.data[name] : undefined;
  return value === undefined ? "" : String(value);
}

function commented(text: string): string {
  return wrapText(`# ${text}`, 100, "# ");
}
