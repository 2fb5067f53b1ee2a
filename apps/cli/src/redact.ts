import { holdsSecret } from "./config/holds-secret.ts";
import { type LoadedSettings } from "./config/load-settings.ts";
import { settingFacts } from "./config/settings.ts";

/** Takes secrets out of a text. */
export type Redact = (text: string) => string;

/** A secret shorter than this would blot out ordinary words. */
const shortestSecret = 4;

/**
 * Replaces the values of secret settings, and the passwords inside database URLs, by `***`. A second net below the rule that
 * nobody puts them into a message: PostgreSQL, a driver or a stack trace may quote what it was given.
 */
export function redactorOf({ given }: Pick<LoadedSettings, "given">): Redact {
  const secrets = [...given]
    .filter(([name, { value }]) => settingFacts[name].secret === true || holdsSecret(value))
    .flatMap(([, { value }]) => [
      value,
      ...value.split(","),
      ...linesOf(value),
      ...passwordsOf(value),
    ])
    .filter((secret) => secret.length >= shortestSecret)
    // The whole before its parts.
    .toSorted((a, b) => b.length - a.length);
  return (text) => secrets.reduce((rest, secret) => rest.replaceAll(secret, "***"), text);
}

/** Of a private key, which may be quoted line by line; its first and last line are no secret. */
function linesOf(value: string): readonly string[] {
  return value.split(/\\n|\n/u).filter((line) => !line.startsWith("-----"));
}

function passwordsOf(value: string): readonly string[] {
  // Not by `new URL`: a password that breaks the URL must be kept secret all the same.
  const userInfo = /^[a-z]+:\/\/(?<userInfo>.*)@/su.exec(value)?.groups?.["userInfo"] ?? "";
  const password = userInfo.slice(userInfo.indexOf(":") + 1);
  return userInfo.includes(":")
    ? [password, decodePassword(password), encodeURIComponent(password)]
    : [];
}

function decodePassword(password: string): string {
  try {
    return decodeURIComponent(password);
  } catch {
    return password;
  }
}
