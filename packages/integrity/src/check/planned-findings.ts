import { documentAdvice, planDocumentFix } from "../documents/plan-document-fix.ts";
import type { Finding, FixStrategy } from "../finding.ts";
import { planFix } from "../fix/plan-fix.ts";
import type { IntegrityStores } from "../work-options.ts";
import type { Inspection } from "./inspect-integrity.ts";

/** The findings with what `fix` would do about each, or what a person can do. Errors come first. */
export function plannedFindings(
  { registry, postgres, keyring }: IntegrityStores,
  { findings, catalog, scans }: Pick<Inspection, "findings" | "catalog" | "scans">,
  strategy: FixStrategy,
): readonly Finding[] {
  const byTable = new Map(scans.map((scan) => [scan.name, scan]));
  const hasPostgres = postgres !== undefined;
  const planned = findings.map((finding): Finding => {
    const plan =
      finding.store === "firestore"
        ? planDocumentFix(finding, { strategy, registry, hasPostgres })
        : catalog &&
          planFix(finding, {
            strategy,
            registry,
            catalog,
            scan: byTable.get(finding.table ?? ""),
            keyring: keyring !== undefined,
          });
    const { fix: known, ...rest } = finding;
    const fix = plan ?? known;
    if (fix !== undefined) return { ...rest, fix };
    const advice = rest.advice ?? adviceOf(finding, keyring !== undefined);
    return advice === undefined ? rest : { ...rest, advice };
  });
  return planned.toSorted(
    (one, other) => order.indexOf(one.severity) - order.indexOf(other.severity),
  );
}

const order: readonly Finding["severity"][] = ["error", "warning", "note"];

function adviceOf(finding: Finding, hasKeyring: boolean): string | undefined {
  if (finding.store === "firestore") return documentAdvice(finding);
  if (finding.kind === "unknown_key")
    return "Append the key to DATA_ENCRYPTION_KEY, behind the newest one. A key that is lost for good: restore the values from where they came, or empty the columns yourself.";
  if ((finding.kind === "clear_text" || finding.kind === "blind_index") && !hasKeyring)
    return "Set DATA_ENCRYPTION_KEY: with the keys `fix` does it in place.";
  return undefined;
}
