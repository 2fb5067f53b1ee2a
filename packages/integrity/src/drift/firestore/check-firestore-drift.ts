import type { DeployedRules } from "@ctb-data/firestore";
import { generateFirestoreFiles } from "@ctb-data/firestore/generate";
import type { Registry } from "@ctb-data/registry";
import type { Finding } from "../../finding.ts";
import { firestoreFinding, type DriftSource } from "./firestore-finding.ts";
import { deployedSet, parseIndexFile, type IndexSet } from "./index-file.ts";
import { indexesDrift } from "./indexes-drift.ts";
import { rulesDrift } from "./rules-drift.ts";

export interface FirestoreDriftOptions {
  readonly registry: Registry;
  /** The project's own `firestore.indexes.json` and `firestore.rules`; a text that is undefined: the file is not there. Left out: not looked at. */
  readonly files?: FirestoreFiles | undefined;
  /** What `firestore.deployed()` read. Undefined: not looked at. */
  readonly deployed?: DeployedRules | undefined;
}

export interface FirestoreFiles {
  readonly indexes: string | undefined;
  readonly rules: string | undefined;
}

/**
 * Compares the project's files, and what Google has of the database, with what the registry makes: indexes as a set, whatever their
 * order and form; rules as text, whatever its line ends. A registry without documents needs no files.
 */
export function checkFirestoreDrift({
  registry,
  files,
  deployed,
}: FirestoreDriftOptions): readonly Finding[] {
  const generated = new Map(
    generateFirestoreFiles(registry).map(({ path, content }) => [path, content]),
  );
  const indexes = parseIndexFile(generated.get("firestore.indexes.json") ?? "{}");
  const rules = generated.get("firestore.rules") ?? "";
  const needsFiles =
    registry.collections.size > 0 ||
    [...registry.tables.values()].some(({ firestore }) => firestore);
  return [
    ...(files && (needsFiles || files.indexes !== undefined)
      ? indexFileDrift(indexes, files.indexes)
      : []),
    ...(files && (needsFiles || files.rules !== undefined)
      ? rulesDrift(rules, files.rules, "file")
      : []),
    ...(deployed ? indexesDrift(indexes, deployedSet(deployed), "deployed") : []),
    ...(deployed && (needsFiles || deployed.rules)
      ? rulesDrift(rules, deployed.rules?.text, "deployed")
      : []),
  ];
}

function indexFileDrift(expected: IndexSet, text: string | undefined): readonly Finding[] {
  const source: DriftSource = "file";
  if (text === undefined) {
    return [
      firestoreFinding(source, {
        what: "indexes:missing",
        message: "There is no firestore.indexes.json.",
      }),
    ];
  }
  try {
    return indexesDrift(expected, parseIndexFile(text), source);
  } catch (error) {
    const reason =
      error instanceof SyntaxError ? "it is not JSON" : error instanceof Error ? error.message : "";
    return [
      firestoreFinding(source, {
        what: "indexes:unreadable",
        severity: "error",
        message: `firestore.indexes.json cannot be read: ${reason}.`,
      }),
    ];
  }
}
