import type { Finding, Severity } from "../../finding.ts";

/** Where it differs: in the project's files, or in what Google has. */
export type DriftSource = "file" | "deployed";

/** What one finding about Firestore's indexes and rules says. */
export interface FirestoreDriftText {
  /** The end of the id: `index:clients(name asc):missing` */
  readonly what: string;
  /** Default `warning`. */
  readonly severity?: Severity;
  readonly collection?: string;
  readonly field?: string;
  readonly message: string;
  /** Instead of that of the source. */
  readonly advice?: string;
}

const advice: Readonly<Record<DriftSource, string>> = {
  file: "Run `ctb-data generate`, look at the difference, and deploy it: firebase deploy --only firestore",
  deployed:
    "Run `ctb-data generate --check` first, then deploy the files: firebase deploy --only firestore:indexes,firestore:rules",
};

export function firestoreFinding(
  source: DriftSource,
  { what, ...text }: FirestoreDriftText,
): Finding {
  return {
    id: `firestore_drift:${source}:${what}`,
    kind: "firestore_drift",
    severity: "warning",
    store: "firestore",
    count: 1,
    examples: [],
    advice: advice[source],
    ...text,
  };
}
