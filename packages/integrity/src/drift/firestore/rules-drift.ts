import type { Finding } from "../../finding.ts";
import { firestoreFinding, type DriftSource } from "./firestore-finding.ts";

const longest = 120;

/** Security rules that are not there, or not those of the registry. Rules that are in force decide who may read: those are errors. */
export function rulesDrift(
  expected: string,
  live: string | undefined,
  source: DriftSource,
): readonly Finding[] {
  const isDeployed = source === "deployed";
  if (live === undefined) {
    return [
      firestoreFinding(source, {
        what: "rules:missing",
        message: isDeployed
          ? "No security rules are released for the database, so that apps may do nothing."
          : "There is no firestore.rules.",
      }),
    ];
  }
  const [wanted, actual] = [linesOf(expected), linesOf(live)];
  const length = Math.max(wanted.length, actual.length);
  for (let index = 0; index < length; index += 1) {
    if (wanted[index] === actual[index]) continue;
    return [
      firestoreFinding(source, {
        what: "rules:different",
        ...(isDeployed && { severity: "error" }),
        message: `${isDeployed ? "The security rules in force are" : "firestore.rules is"} not what the registry makes, from line ${index + 1} on: ${shown(actual[index])} instead of ${shown(wanted[index])}.`,
      }),
    ];
  }
  return [];
}

/** Whatever line ends it has, and however many at its end. */
function linesOf(text: string): readonly string[] {
  return text
    .replace(/^\uFEFF/, "")
    .replaceAll(/\r\n?/g, "\n")
    .replace(/\n+$/, "")
    .split("\n");
}

function shown(line: string | undefined): string {
  if (line === undefined) return "nothing";
  const text = line.trim();
  return `\`${text.length > longest ? `${text.slice(0, longest)}…` : text}\``;
}
