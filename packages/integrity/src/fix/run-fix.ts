import type { CheckOptions, IntegrityReport } from "../check/check-options.ts";
import type { Finding } from "../finding.ts";
import { IntegrityError } from "../integrity-error.ts";
import type { TableScan } from "../rows/row-rule.ts";
import type { IntegrityStores } from "../work-options.ts";
import { fixFindings, type FixWork } from "./fix-findings.ts";
import type { FixOptions, FixReport, FixStep } from "./fix-options.ts";

/** What a fix finds its work with. */
export interface FixSource {
  check(stores: IntegrityStores, options: CheckOptions): Promise<IntegrityReport>;
  /** The scans of the tables as they are now. */
  scans(stores: IntegrityStores, options: CheckOptions): Promise<readonly TableScan[]>;
}

/** A fix may uncover what it hid: a check, a fix, a check, and so on, so often. */
const mostRounds = 3;

/** Runs a fix with what a source finds. */
export async function runFix(
  source: FixSource,
  stores: IntegrityStores,
  options: FixOptions,
): Promise<FixReport> {
  const { strategy = "quarantine", dryRun = false, only } = options;
  let left: readonly Finding[] = [];
  let skipped: readonly FixStep[] = [];
  let rounds = 0;
  const { run, steps } = await fixFindings(stores, options, async (done, connections) => {
    if (dryRun && rounds > 0) return undefined;
    const checked = { ...options, strategy, connections };
    const { findings } = await source.check(stores, checked);
    left = findings;
    if (rounds === 0 && only) skipped = withoutFix(findings, only);
    rounds += 1;
    const wanted = findings.filter(
      ({ id, fix }) => fix !== undefined && (only?.includes(id) ?? true) && !hasFailed(done, id),
    );
    if (wanted.length === 0 || rounds > mostRounds) return undefined;
    return workOf(wanted, await source.scans(stores, checked));
  });
  const planned = new Set(
    steps.filter(({ state }) => state === "planned").map(({ finding }) => finding.id),
  );
  return {
    run,
    dryRun,
    strategy,
    steps: [...steps, ...skipped],
    left: left.filter(({ id }) => !planned.has(id)),
  };
}

/** @throws {IntegrityError} NOT_FOUND for an id that no finding has. */
function withoutFix(findings: readonly Finding[], only: readonly string[]): readonly FixStep[] {
  const byId = new Map(findings.map((finding) => [finding.id, finding]));
  return only.flatMap((id): readonly FixStep[] => {
    const finding = byId.get(id);
    if (!finding) {
      throw new IntegrityError("NOT_FOUND", `There is no finding ${id}.`, {
        hint: "Nothing was changed. Run a check: it lists the ids of what is wrong now.",
      });
    }
    if (finding.fix) return [];
    const reason = finding.advice ?? "There is no fix for it.";
    const { store } = finding;
    return [{ finding, store, state: "skipped", statements: [], changed: 0, reason }];
  });
}

/** What could not be done once is not tried again in the same run. */
function hasFailed(done: readonly FixStep[], id: string): boolean {
  return done.some(({ finding, state }) => finding.id === id && state !== "done");
}

const documentKinds: ReadonlySet<Finding["kind"]> = new Set([
  "invalid_document", "document_without_row", "row_without_document", "dangling_document", "different_field",
]); // prettier-ignore

function isAboutDocuments({ kind }: Finding): boolean {
  return documentKinds.has(kind);
}

function workOf(findings: readonly Finding[], scans: readonly TableScan[]): FixWork {
  const scanOf = new Map(
    scans.flatMap((scan) =>
      [...scan.rules, ...scan.references, ...scan.keys].map(({ subject }) => [subject.id, scan]),
    ),
  );
  return {
    targets: findings
      .filter((finding) => !isAboutDocuments(finding))
      .map((finding) => ({ finding, scan: scanOf.get(finding.id) })),
    documents: findings.filter(isAboutDocuments),
  };
}
